import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

interface Place {
  y: number;
  id?: string;
}

interface PlaceOptions {
  /** Whether the list is as long as it will be. */
  ready: boolean;
  /** The session that the keyboard is at. */
  current: string | undefined;
  onCurrent: (id: string) => void;
}

/** Whoever comes back from a session finds the list where it was left. The place is kept with the browser's history. */
export function usePlace({ ready, current, onCurrent }: PlaceOptions): void {
  const restored = useRef(false);
  useLayoutEffect(() => {
    if (!ready || restored.current) return;
    restored.current = true;
    const place = (history.state as { list?: Place } | null)?.list;
    if (!place) return;
    scrollTo(0, place.y);
    if (place.id !== undefined) onCurrent(place.id);
  }, [ready, onCurrent]);

  useEffect(() => {
    const keep = () => {
      const list: Place = { y: scrollY, id: current };
      history.replaceState({ ...history.state, list }, '');
    };
    // Before the click changes the address.
    const onClick = (event: MouseEvent) => {
      if (event.target instanceof Element && event.target.closest('a')) keep();
    };
    document.addEventListener('click', onClick, { capture: true });
    return () => document.removeEventListener('click', onClick, { capture: true });
  }, [current]);
}
