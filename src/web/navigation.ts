import { createContext } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';

/** The address of the page. It has the whole state, so that links show the same. */
export interface Navigation {
  /** `/`, or `/sessions/ID`. */
  path: string;
  params: URLSearchParams;
  /** Navigates to an address of the page; `replace` adds no entry to the history. */
  go(address: string, options?: { replace?: boolean }): void;
}

const NavigationContext = createContext<Navigation | undefined>(undefined);

export const NavigationProvider = NavigationContext.Provider;

export function useNavigation(): Navigation {
  const navigation = useContext(NavigationContext);
  if (!navigation) throw new Error('useNavigation needs a NavigationProvider above it');
  return navigation;
}

/** Follows the browser's address. Links within the page navigate without a reload. */
export function useBrowserNavigation(): Navigation {
  const [address, setAddress] = useState(() => location.pathname + location.search);

  useEffect(() => {
    const read = () => setAddress(location.pathname + location.search);
    const click = (event: MouseEvent) => {
      const target = event.target instanceof Element ? event.target.closest('a') : null;
      if (!target || !hasNoModifiers(event) || !isInternal(target)) return;
      event.preventDefault();
      const from = location.pathname === '/' ? location.pathname + location.search : listAddress();
      history.pushState({ from }, '', target.href);
      read();
      scrollTo(0, 0);
    };
    // Views restore their scroll positions once their data is loaded.
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

/** The address of the list with its previous filters. */
export const listAddress = (): string => (history.state as { from?: string } | null)?.from ?? '/';

/** Whether a click has no modifiers, which open a new tab for example. */
const hasNoModifiers = (event: MouseEvent): boolean =>
  event.button === 0 &&
  !event.defaultPrevented &&
  !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);

const isInternal = (link: HTMLAnchorElement): boolean =>
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
