import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** How far out of sight is near. */
const margin = '1500px 0px';

const waiting = new Map<Element, () => void>();
let observer: IntersectionObserver | undefined;

/** One for all: a browser asks each of them with each frame. */
function observe(element: Element, near: () => void): () => void {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) if (isIntersecting) waiting.get(target)?.();
    },
    { rootMargin: margin },
  );
  waiting.set(element, near);
  observer.observe(element);
  return () => {
    waiting.delete(element);
    observer?.unobserve(element);
  };
}

/** Whether an element has been near what is seen: what stands in it has to be drawn from then on. */
export function useNear(element: RefObject<Element | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (near || !element.current) return;
    return observe(element.current, () => setNear(true));
  }, [element, near]);
  return near;
}
