import { createContext, type RefObject } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';

/** How far out of sight is near. */
const margin = '1500px 0px';

/** Tells once an element is near what is seen; gives what takes that back. */
export type Nearness = (element: Element, near: () => void) => () => void;

/** That of a transcript: one observer for all its turns, since a browser asks each of them with each frame. */
export const Near = createContext<Nearness | undefined>(undefined);

/** Makes that of a transcript, and closes it with it. */
export function useNearness(): Nearness {
  const { observe, observer } = useMemo(createNearness, []);
  useEffect(() => () => observer.disconnect(), [observer]);
  return observe;
}

function createNearness(): { observe: Nearness; observer: IntersectionObserver } {
  const waiting = new Map<Element, () => void>();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) if (isIntersecting) waiting.get(target)?.();
    },
    { rootMargin: margin },
  );
  const observe: Nearness = (element, near) => {
    waiting.set(element, near);
    observer.observe(element);
    return () => {
      waiting.delete(element);
      observer.unobserve(element);
    };
  };
  return { observe, observer };
}

/** Whether an element has been near what is seen: what stands in it has to be drawn from then on. */
export function useNear(element: RefObject<Element | null>): boolean {
  const observe = useContext(Near);
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (near || !element.current) return;
    return observe?.(element.current, () => setNear(true));
  }, [element, near, observe]);
  return near;
}
