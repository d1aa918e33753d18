import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { isPageShortcut } from '../shortcuts.tsx';
import type { Rows } from './rows.ts';

export interface KeyboardOptions {
  rows: Rows;
  /** Pixels of a row. */
  height: number;
  body: RefObject<HTMLElement | null>;
  search: RefObject<HTMLInputElement | null>;
  current: string | undefined;
}

/** Keys of the list: j, k and arrows move between rows, / searches. Enter follows a row's link natively. */
export function useListKeys({ rows, height, body, search, current }: KeyboardOptions): void {
  /** The row to focus as soon as it is rendered. */
  const pending = useRef<number | undefined>(undefined);

  const focusPending = () => {
    const id = pending.current === undefined ? undefined : rows.at(pending.current)?.id;
    if (id === undefined) return;
    const link = body.current?.querySelector<HTMLElement>(`a[data-session="${CSS.escape(id)}"]`);
    if (!link) return;
    pending.current = undefined;
    link.focus({ preventScroll: true });
  };
  // After each render: the row may have been added.
  useEffect(focusPending);

  const move = (to: number) => {
    const total = rows.total ?? 0;
    if (total === 0 || !body.current) return;
    const index = Math.min(total - 1, Math.max(0, to));
    pending.current = index;
    reveal(body.current, index, height);
    focusPending();
  };

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!isPageShortcut(event)) return;
      const id = focused() ?? current;
      const at = pending.current ?? (id === undefined ? undefined : rows.indexOf(id));
      const inTable = event.target instanceof Node && body.current?.contains(event.target);
      const steps: Record<string, () => void> = {
        j: () => move(at === undefined ? 0 : at + 1),
        k: () => move(at === undefined ? 0 : at - 1),
        '/': () => search.current?.select(),
        ...(inTable && {
          ArrowDown: () => move((at ?? -1) + 1),
          ArrowUp: () => move((at ?? 1) - 1),
          Home: () => move(0),
          End: () => move((rows.total ?? 1) - 1),
        }),
      };
      const step = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
      if (!step) return;
      event.preventDefault();
      step();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
}

/** Scrolls until a row is fully visible, even if it is not rendered yet. */
function reveal(body: HTMLElement, index: number, height: number): void {
  const top = body.getBoundingClientRect().top + index * height;
  const head = body.parentElement?.querySelector('thead')?.getBoundingClientRect().bottom ?? 0;
  const above = Math.max(head, 0) - top;
  const below = top + height - innerHeight + 8;
  if (above > 0) scrollBy(0, -above);
  else if (below > 0) scrollBy(0, below);
}

/** The session whose link has the focus; keys may arrive faster than renders. */
const focused = (): string | undefined =>
  document.activeElement instanceof HTMLElement ? document.activeElement.dataset.session : undefined;
