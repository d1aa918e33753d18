import { createContext } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';

/** Where the page is. The address is the state: whoever gets it sees the same. */
export interface Navigation {
  /** `/`, or `/sessions/ID`. */
  path: string;
  params: URLSearchParams;
  /** Goes to an address of the page; `replace` leaves no entry for the back button. */
  go(address: string, options?: { replace?: boolean }): void;
}

const NavigationContext = createContext<Navigation | undefined>(undefined);

export const NavigationProvider = NavigationContext.Provider;

export function useNavigation(): Navigation {
  const navigation = useContext(NavigationContext);
  if (!navigation) throw new Error('useNavigation needs a NavigationProvider above it');
  return navigation;
}

/** Follows the browser's address, and makes links within the page change it without loading anew. */
export function useBrowserNavigation(): Navigation {
  const [address, setAddress] = useState(() => location.pathname + location.search);

  useEffect(() => {
    const read = () => setAddress(location.pathname + location.search);
    const click = (event: MouseEvent) => {
      const target = event.target instanceof Element ? event.target.closest('a') : null;
      if (!target || !isPlain(event) || !isOwn(target)) return;
      event.preventDefault();
      const from = location.pathname === '/' ? location.pathname + location.search : listAddress();
      history.pushState({ from }, '', target.href);
      read();
      scrollTo(0, 0);
    };
    // Views find their place again themselves, once what they show is there.
    history.scrollRestoration = 'manual';
    addEventListener('popstate', read);
    document.addEventListener('click', click);
    return () => {
      removeEventListener('popstate', read);
      document.removeEventListener('click', click);
    };
  }, []);

  return useMemo(() => {
    const url = new URL(address, location.origin);
    return {
      path: url.pathname,
      params: url.searchParams,
      go(to, { replace = false } = {}) {
        if (replace) history.replaceState(history.state, '', to);
        else history.pushState(null, '', to);
        setAddress(location.pathname + location.search);
      },
    };
  }, [address]);
}

/** The list as it was left, with its filters; else all of it. */
export const listAddress = (): string => (history.state as { from?: string } | null)?.from ?? '/';

/** Whether a click asks for nothing else, such as a new tab. */
const isPlain = (event: MouseEvent): boolean =>
  event.button === 0 &&
  !event.defaultPrevented &&
  !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);

const isOwn = (link: HTMLAnchorElement): boolean =>
  link.origin === location.origin &&
  link.target === '' &&
  !link.hasAttribute('download') &&
  (link.pathname === '/' || link.pathname.startsWith('/sessions/'));

/** Names the tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Talkgauge`;
  }, [title]);
}
