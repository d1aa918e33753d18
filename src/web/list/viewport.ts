import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Rows that are rendered above and below the visible ones, for smooth scrolling. */
const margin = 12;

export interface VisibleRows {
  first: number;
  /** One after the last. */
  end: number;
}

/** The rows to render, out of `total` rows of `height` pixels. @param top offset of the table body in the window */
export function visibleRange(top: number, windowHeight: number, height: number, total: number): VisibleRows {
  const first = Math.floor(-top / height) - margin;
  const end = Math.ceil((windowHeight - top) / height) + margin;
  const within = (n: number) => Math.min(total, Math.max(0, n));
  return { first: within(first), end: within(end) };
}

/** Tracks the visible rows. */
export function useVisibleRows(
  body: RefObject<HTMLElement | null>,
  height: number,
  total: number,
): VisibleRows {
  const [visible, setVisible] = useState<VisibleRows>({ first: 0, end: Math.min(total, 40) });

  useLayoutEffect(() => {
    const measure = () => {
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const now = visibleRange(top, innerHeight, height, total);
      setVisible((before) => (before.first === now.first && before.end === now.end ? before : now));
    };
    measure();
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    return () => {
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
    };
  }, [body, height, total]);

  return visible;
}

/** Whether a media query matches. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const read = () => setMatches(list.matches);
    read();
    list.addEventListener('change', read);
    return () => list.removeEventListener('change', read);
  }, [query]);
  return matches;
}

interface ScrollPosition {
  y: number;
  id?: string;
}

interface PlaceOptions {
  /** Whether the list has its final length. */
  ready: boolean;
  /** The session with the keyboard focus. */
  current: string | undefined;
  onCurrent: (id: string) => void;
}

/** Restores the scroll position of the list after navigation. It is stored in the browser's history. */
export function useScrollRestoration({ ready, current, onCurrent }: PlaceOptions): void {
  const restored = useRef(false);
  useLayoutEffect(() => {
    if (!ready || restored.current) return;
    restored.current = true;
    const place = (history.state as { list?: ScrollPosition } | null)?.list;
    if (!place) return;
    scrollTo(0, place.y);
    if (place.id !== undefined) onCurrent(place.id);
  }, [ready, onCurrent]);

  useEffect(() => {
    const save = () => {
      const list: ScrollPosition = { y: scrollY, id: current };
      history.replaceState({ ...history.state, list }, '');
    };
    // In the capture phase, before the click changes the address.
    const onClick = (event: MouseEvent) => {
      if (event.target instanceof Element && event.target.closest('a')) save();
    };
    document.addEventListener('click', onClick, { capture: true });
    return () => document.removeEventListener('click', onClick, { capture: true });
  }, [current]);
}
