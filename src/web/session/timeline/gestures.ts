import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface Gestures {
  /** A click or a tap; pixels from the left and the top. */
  press(x: number, y: number): void;
  /** The mouse moved over the element; undefined: it left. */
  hover(point: { x: number; y: number } | undefined): void;
  /** Moves the window by a number of pixels. */
  pan(pixels: number): void;
  /** Scales the window by `factor` around a point. */
  zoom(factor: number, x: number): void;
}

/** Pixels that a pointer may move during a press. */
const pressTolerance = 4;

/** Reports gestures of mouse, wheel, trackpad and touch on an element. Vertical scrolling is left to the page. */
export function useGestures(element: RefObject<HTMLElement | null>, gestures: Gestures): void {
  const latest = useRef(gestures);
  latest.current = gestures;

  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const pointers = new Map<number, { x: number; y: number }>();
    let moved = 0;
    const pointOf = ({ clientX, clientY }: MouseEvent) => {
      const { left, top } = target.getBoundingClientRect();
      return { x: clientX - left, y: clientY - top };
    };
    const spread = () => {
      const [a, b] = [...pointers.values()];
      return a && b ? { distance: Math.abs(a.x - b.x), middle: (a.x + b.x) / 2 } : undefined;
    };

    const down = (event: PointerEvent) => {
      if (event.button !== 0) return;
      if (pointers.size === 0) moved = 0;
      pointers.set(event.pointerId, pointOf(event));
    };
    const move = (event: PointerEvent) => {
      const point = pointOf(event);
      const before = pointers.get(event.pointerId);
      if (event.pointerType === 'mouse')
        latest.current.hover(before && moved > pressTolerance ? undefined : point);
      if (!before) return;
      const apart = spread();
      pointers.set(event.pointerId, point);
      moved += Math.abs(point.x - before.x) + Math.abs(point.y - before.y);
      if (moved <= pressTolerance) return;
      if (!target.hasPointerCapture(event.pointerId)) target.setPointerCapture(event.pointerId);
      const now = spread();
      if (apart && now) {
        latest.current.zoom(Math.max(10, apart.distance) / Math.max(10, now.distance), now.middle);
        latest.current.pan(apart.middle - now.middle);
      } else latest.current.pan(before.x - point.x);
    };
    const up = (event: PointerEvent) => {
      if (!pointers.delete(event.pointerId)) return;
      if (event.type === 'pointerup' && moved <= pressTolerance && pointers.size === 0) {
        const { x, y } = pointOf(event);
        latest.current.press(x, y);
      }
    };
    const leave = () => latest.current.hover(undefined);
    const wheel = (event: WheelEvent) => {
      const zooms = event.ctrlKey || event.metaKey;
      if (!zooms && Math.abs(event.deltaX) <= Math.abs(event.deltaY) && !event.shiftKey) return;
      event.preventDefault();
      if (zooms) latest.current.zoom(1.01 ** event.deltaY, pointOf(event).x);
      else latest.current.pan(event.deltaX || event.deltaY);
    };

    target.addEventListener('pointerdown', down);
    target.addEventListener('pointermove', move);
    target.addEventListener('pointerup', up);
    target.addEventListener('pointercancel', up);
    target.addEventListener('pointerleave', leave);
    target.addEventListener('wheel', wheel, { passive: false });
    return () => {
      target.removeEventListener('pointerdown', down);
      target.removeEventListener('pointermove', move);
      target.removeEventListener('pointerup', up);
      target.removeEventListener('pointercancel', up);
      target.removeEventListener('pointerleave', leave);
      target.removeEventListener('wheel', wheel);
    };
  }, [element]);
}
