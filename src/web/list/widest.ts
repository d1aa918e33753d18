import { useMemo } from 'preact/hooks';
import type { Summary } from '../api.ts';
import { columns } from './columns.tsx';
import type { VisibleRows } from './visible-rows.ts';

/** Of each column, by its key: the longest text that was in it, and the longest of what stands below. */
export interface Widest {
  text: Record<string, string>;
  more: Record<string, string>;
}

/** Takes what one more session says into account. */
export function widen({ text, more }: Widest, session: Summary, now: number): void {
  for (const column of columns) {
    keepLonger(text, column.key, column.text(session, now));
    if (column.more) keepLonger(more, column.key, column.more(session));
  }
}

function keepLonger(kept: Record<string, string>, key: string, text: string): void {
  if (text.length > (kept[key]?.length ?? 0)) kept[key] = text;
}

/**
 * What the rows said that were drawn so far. Only some rows of the list are: without it, each that is scrolled to would
 * make its columns wider, and each that is left would make them narrower again.
 */
export function useWidest(
  list: object,
  at: (index: number) => Summary | undefined,
  { first, end }: VisibleRows,
  now: number,
): Widest {
  const widest = useMemo<Widest>(() => ({ text: {}, more: {} }), [list]);
  for (let index = first; index < end; index++) {
    const session = at(index);
    if (session) widen(widest, session, now);
  }
  return widest;
}
