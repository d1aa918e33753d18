import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api, useRequest } from '../api.ts';
import { formatCount } from '../formats.ts';
import { useNavigation, useTitle } from '../navigation.ts';
import { Failure, Notice } from '../notices.tsx';
import { useShortcuts } from '../shortcuts.tsx';
import { SessionCards } from './cards.tsx';
import { addressOf, defaultSort, isFiltered, readFilters, withFilter } from './filters.ts';
import { useListKeys } from './keyboard.ts';
import { type LiveRows, useLiveRows } from './rows.ts';
import { SessionTable } from './table.tsx';
import { onlySort, Toolbar } from './toolbar.tsx';
import { useMedia, useScrollRestoration, useVisibleRows } from './viewport.ts';

/** Shown while the gateway has no sessions. */
export function NoSessions() {
  const line = `LIVEKIT_OBSERVABILITY_URL=${location.origin}`;
  return (
    <Notice title="No sessions yet">
      <p>Start your agent with this variable. Its next call shows up here while it runs.</p>
      <CopyLine line={line} />
      <p class="quiet">
        The agent needs the <code>LIVEKIT_API_KEY</code> and <code>LIVEKIT_API_SECRET</code> that this gateway
        accepts, and must record its sessions: <code>session.start({'{ record: true }'})</code>, in Python{' '}
        <code>session.start(record=True)</code>.
      </p>
    </Notice>
  );
}

function CopyLine({ line }: { line: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(line).then(
      () => setCopied(true),
      // The text can be selected, too.
      () => setCopied(false),
    );
  return (
    <div class="copy-line">
      <pre>
        <code>{line}</code>
      </pre>
      {/* Browsers allow the clipboard only on localhost and over HTTPS. */}
      {window.isSecureContext && (
        <button type="button" class="button" onClick={copy}>
          {copied ? 'Copied' : 'Copy'}
        </button>
      )}
    </div>
  );
}

/** Shown if no session matches the filters. */
export function NoMatch({ onClear }: { onClear: () => void }) {
  return (
    <Notice title="No session matches">
      <p>The search matches the beginnings of words. All words must occur in the same session.</p>
      <button type="button" class="button" onClick={onClear}>
        Clear the filters
      </button>
    </Notice>
  );
}

/** Height of a row in pixels, in the table and as cards in a narrow window; list.css has the same. */
const rowHeight = { table: 44, cards: 104 };
/** Placeholder rows while the list is loaded. */
const expected = 12;

const shortcuts = [
  ['j', 'Next session'],
  ['k', 'Previous session'],
  ['Home', 'First session'],
  ['End', 'Last session'],
  ['Enter', 'Open the session'],
  ['/', 'Search'],
  ['Esc', 'Clear the search or close a menu'],
] as const;

/** All sessions: filtered, sorted, searched, and live. */
export function ListView() {
  useTitle('Sessions');
  useShortcuts(shortcuts);
  const { params, go } = useNavigation();
  const filters = useMemo(() => readFilters(params), [params]);
  const live = useLiveRows(filters);
  const facets = useRequest(api.facets, []);
  const search = useRef<HTMLInputElement>(null);
  const { rows, more, refresh } = live;
  const { total, error } = rows;

  const setFilters = (changed: URLSearchParams) => {
    // A search that is being typed is one entry of the history.
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
          what={total === undefined ? 'The sessions could not be loaded' : 'The list is not up to date'}
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
  useScrollRestoration({ ready: rows.total !== undefined, current, onCurrent: setCurrent });
  useListKeys({ rows, height, body, search, current });

  const shown = Array.from({ length: end - first }, (_, n) => rows.at(first + n));
  const anyLive = shown.some((session) => session?.status === 'live');
  const now = useNow(anyLive ? 1_000 : 30_000);
  // The gateway sends no event when it marks a session as lost, after two minutes without data.
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

/** The current time in unix seconds, updated at an interval. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
