import type { RefObject } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Summary } from '../api.ts';
import { type Column, columns } from './columns.tsx';
import { nextSort } from './filters.ts';
import type { VisibleRows } from './viewport.ts';

/**
 * A row's link covers the row, so that a browser would not show the tooltips below it: the link takes the title of the
 * element under the pointer.
 */
export function showHintBelow(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest<HTMLElement>('a[data-session]') : null;
  if (!link) return;
  const below = document
    .elementsFromPoint(event.clientX, event.clientY)
    .find((each) => each !== link && each instanceof HTMLElement && each.title !== '');
  link.title = below instanceof HTMLElement ? below.title : '';
}

/** The longest text of each column, by its key, and the longest secondary text. */
export interface Widest {
  text: Record<string, string>;
  more: Record<string, string>;
}

/** Includes the texts of another session. */
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
 * The longest texts of all rows that were rendered so far. Only the visible rows are rendered: without this, column
 * widths would change while the user scrolls.
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

/** The props of the table and of the cards. */
export interface VisibleRowsProps {
  total: number;
  at: (index: number) => Summary | undefined;
  /** Identity of the list; changes with filters and sort order. */
  list: object;
  visible: VisibleRows;
  /** Pixels of a row. */
  height: number;
  /** The element that contains the rows. */
  body: RefObject<HTMLElement | null>;
  /** The session with the keyboard focus. */
  current: string | undefined;
  onCurrent: (id: string) => void;
  now: number;
}

interface TableProps extends VisibleRowsProps {
  sort: string;
  onSort: (sort: string) => void;
}

/** The visible rows, between two spacers for the rows above and below. */
export function SessionTable({ total, at, list, visible, height, body, sort, onSort, ...rest }: TableProps) {
  const { first, end } = visible;
  const widest = useWidest(list, at, visible, rest.now);
  const indices = Array.from({ length: end - first }, (_, n) => first + n);
  const seen = new Set<string>();
  return (
    <table class="sessions" aria-rowcount={total + 1} aria-label="Sessions">
      <thead>
        <tr aria-rowindex={1}>
          {columns.map((column) => (
            <Head key={column.key} column={column} by={sort} onSort={onSort} />
          ))}
        </tr>
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can be focused */}
        <tr class="widest" aria-hidden="true">
          {columns.map(({ key }) => (
            <td key={key} class={`widest-${key}`} data-text={widest.text[key]} data-more={widest.more[key]} />
          ))}
        </tr>
      </thead>
      <tbody ref={body as RefObject<HTMLTableSectionElement | null>} onMouseMove={showHintBelow}>
        <Spacer height={first * height} />
        {indices.map((index) => {
          const session = at(index);
          // During a refresh, a session may occur twice: in an old and in a new chunk.
          const isNew = session !== undefined && !seen.has(session.id);
          if (session) seen.add(session.id);
          return <Row key={isNew ? session.id : `row ${index}`} index={index} session={session} {...rest} />;
        })}
        <Spacer height={(total - end) * height} />
      </tbody>
    </table>
  );
}

interface HeadProps {
  column: Column;
  by: string;
  onSort: (sort: string) => void;
}

function Head({ column: { name, hint, sort, number, scale: Scale }, by, onSort }: HeadProps) {
  const shape = number ? 'number' : undefined;
  if (sort === undefined) {
    return (
      <th scope="col" class={shape} title={hint}>
        {name}
      </th>
    );
  }
  const direction = by === sort ? 'ascending' : by === `-${sort}` ? 'descending' : undefined;
  return (
    <th scope="col" class={shape} aria-sort={direction}>
      {Scale && <Scale />}
      <button type="button" class="sort" title={hint} onClick={() => onSort(nextSort(by, sort))}>
        {name}
        <span class="sort-arrow" aria-hidden="true">
          {direction === 'ascending' ? '↑' : direction === 'descending' ? '↓' : ''}
        </span>
      </button>
    </th>
  );
}

const Spacer = ({ height }: { height: number }) =>
  height > 0 ? (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can be focused
    <tr class="spacer" aria-hidden="true">
      <td colSpan={columns.length} style={{ height: `${height}px` }} />
    </tr>
  ) : null;

interface RowProps {
  index: number;
  session: Summary | undefined;
  current: string | undefined;
  onCurrent: (id: string) => void;
  now: number;
}

function Row({ index, session, current, onCurrent, now }: RowProps) {
  if (!session) {
    return (
      <tr class="row" aria-rowindex={index + 2}>
        <td colSpan={columns.length}>
          <span class="skeleton" />
        </td>
      </tr>
    );
  }
  const [agent, ...others] = columns;
  const isCurrent = current === session.id;
  return (
    <tr class={isCurrent ? 'row row-current' : 'row'} aria-rowindex={index + 2}>
      <th scope="row" class="cell-agent">
        <a
          href={`/sessions/${encodeURIComponent(session.id)}`}
          data-session={session.id}
          onFocus={() => onCurrent(session.id)}
        >
          {agent?.cell(session, now)}
        </a>
      </th>
      {others.map(({ key, number, cell }) => (
        <td key={key} class={number ? `cell-${key} number` : `cell-${key}`}>
          {cell(session, now)}
        </td>
      ))}
    </tr>
  );
}
