import { useEffect } from 'preact/hooks';
import { isForThePage } from '../keys.ts';

/** Follows keys as long as the component is there. */
export function useKeys(steps: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!isForThePage(event)) return;
      const { key, target } = event;
      const onControl = target instanceof Element && target.closest('button, a, summary, [role=tab]');
      // What has the focus takes a space or an arrow first.
      if (onControl && (key === ' ' || (key.startsWith('Arrow') && onControl.matches('[role=tab]')))) return;
      const name = event.shiftKey && key.startsWith('Arrow') ? `Shift+${key}` : key;
      const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
      if (!step) return;
      event.preventDefault();
      step();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
}
