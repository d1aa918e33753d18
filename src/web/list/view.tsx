import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api } from '../api.ts';
import { useNow } from '../clock.ts';
import { formatCount } from '../formats.ts';
import { useLoaded } from '../loaded.ts';
import { useNavigation } from '../navigation.ts';
import { Failure } from '../notices.tsx';
import { useShortcuts } from '../shortcuts.tsx';
import { useTitle } from '../title.ts';
import { SessionCards } from './cards.tsx';
import { addressOf, defaultSort, isFiltered, readFilters, withFilter } from './filters.ts';
import { useListKeys } from './keyboard.ts';
import { type LiveRows, useLiveRows } from './live-rows.ts';
import { NoMatch, NoSessions } from './nothing.tsx';
import { usePlace } from './place.ts';
import { SessionTable } from './table.tsx';
import { onlySort, Toolbar } from './toolbar.tsx';
import { useMedia, useVisibleRows } from './visible-rows.ts';

/** Pixels of a row, of a table and of the cards that a narrow window shows instead; list.css has the same. */
const rowHeight = { table: 44, cards: 104 };
/** Rows that stand for those that are not there yet. */
const expected = 12;

const shortcuts = [
  ['j', 'Next session'],
  ['k', 'Session before'],
  ['Home', 'First session'],
  ['End', 'Last session'],
  ['Enter', 'Open the session'],
  ['/', 'Search'],
  ['Esc', 'Empty the search, close a menu'],
] as const;

/** All sessions: filtered, sorted, searched, and live. */
export function ListView() {
  useTitle('Sessions');
  useShortcuts(shortcuts);
  const { params, go } = useNavigation();
  const filters = useMemo(() => readFilters(params), [params]);
  const live = useLiveRows(filters);
  const facets = useLoaded(api.facets, []);
  const search = useRef<HTMLInputElement>(null);
  const { rows, more, refresh } = live;
  const { total, error } = rows;

  const setFilters = (changed: URLSearchParams) => {
    // Words that grow letter by letter are one step back.
    const replace = changed.has('q') && filters.has('q') && changed.get('q') !== filters.get('q');
    go(addressOf(changed), { replace });
    scrollTo(0, 0);
  };
  const setSort = (sort: string) => setFilters(withFilter(filters, 'sort', sort));
  const clear = () => setFilters(onlySort(filters));

  return (
    <>
      <div class="list-head">
        <h1 class="title">Sessions</h1>
        <p class="quiet" role="status">
          {total !== undefined && total > 0 && countOf(total, isFiltered(filters))}
        </p>
      </div>
      <Toolbar
        filters={filters}
        onFilters={setFilters}
        facets={facets.value}
        onFacets={facets.reload}
        search={search}
      />
      {error && (
        <Failure
          what={total === undefined ? 'The sessions could not be read' : 'The list is not up to date'}
          error={error}
          retry={refresh}
          help={error.status === 400 ? { name: 'Clear the filters', act: clear } : undefined}
          small={total !== undefined}
        />
      )}
      {total === 0 && (isFiltered(filters) ? <NoMatch onClear={clear} /> : <NoSessions />)}
      {total !== 0 && !(error && total === undefined) && (
        <Table live={live} sort={filters.get('sort') ?? defaultSort} onSort={setSort} search={search} />
      )}
      {more > 0 && (
        <button
          type="button"
          class="button more"
          onClick={() => {
            scrollTo(0, 0);
            refresh();
          }}
        >
          {formatCount(more)} more {more === 1 ? 'session' : 'sessions'}
        </button>
      )}
    </>
  );
}

const countOf = (total: number, filtered: boolean): string =>
  `${formatCount(total)} ${filtered ? (total === 1 ? 'matches' : 'match') : total === 1 ? 'session' : 'sessions'}`;

interface TableViewProps {
  live: LiveRows;
  sort: string;
  onSort: (sort: string) => void;
  search: RefObject<HTMLInputElement | null>;
}

function Table({ live: { rows, outdated, refresh }, sort, onSort, search }: TableViewProps) {
  const total = rows.total ?? expected;
  const body = useRef<HTMLElement>(null);
  const [current, setCurrent] = useState<string>();
  const narrow = useMedia('(max-width: 63.99rem)');
  const height = narrow ? rowHeight.cards : rowHeight.table;
  const visible = useVisibleRows(body, height, total);
  const { first, end } = visible;

  useLayoutEffect(() => {
    if (rows.total !== undefined) rows.want(first, Math.max(first, end - 1));
  }, [rows, rows.total, first, end]);
  usePlace({ ready: rows.total !== undefined, current, onCurrent: setCurrent });
  useListKeys({ rows, height, body, search, current });

  const shown = Array.from({ length: end - first }, (_, n) => rows.at(first + n));
  const anyLive = shown.some((session) => session?.status === 'live');
  const now = useNow(anyLive ? 1_000 : 30_000);
  // Nobody tells when a session is given up; by then, nothing has come for two minutes.
  const overdue = shown.find((session) => session?.status === 'live' && now - session.receivedAt > 150)?.id;
  useEffect(() => {
    if (overdue !== undefined) refresh();
  }, [overdue]);

  const at = (index: number) => rows.at(index);
  const inSight = { total, at, list: rows, visible, height, body, current, onCurrent: setCurrent, now };
  return (
    <div class={outdated ? 'table outdated' : 'table'} aria-busy={outdated || rows.total === undefined}>
      {narrow ? <SessionCards {...inSight} /> : <SessionTable {...inSight} sort={sort} onSort={onSort} />}
    </div>
  );
}
