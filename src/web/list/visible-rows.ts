import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';

/** Rows above and below what is seen that are drawn, so that scrolling finds them there. */
const margin = 12;

export interface VisibleRows {
  first: number;
  /** One after the last. */
  end: number;
}

/** Which of `total` rows of `height` pixels are in sight, by where the table's body is in the window. */
export function rowsInSight(top: number, windowHeight: number, height: number, total: number): VisibleRows {
  const first = Math.floor(-top / height) - margin;
  const end = Math.ceil((windowHeight - top) / height) + margin;
  const within = (n: number) => Math.min(total, Math.max(0, n));
  return { first: within(first), end: within(end) };
}

/** Follows which rows are in sight. */
export function useVisibleRows(
  body: RefObject<HTMLElement | null>,
  height: number,
  total: number,
): VisibleRows {
  const [visible, setVisible] = useState<VisibleRows>({ first: 0, end: Math.min(total, 40) });

  useLayoutEffect(() => {
    const measure = () => {
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const now = rowsInSight(top, innerHeight, height, total);
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

/** Whether a media query holds. */
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
