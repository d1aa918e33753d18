import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { api, type Summary } from '../api.ts';
import { useChanges } from '../changes.ts';
import { apiQueryOf, isFiltered } from './filters.ts';
import { Rows } from './rows.ts';

/** Changes are drawn together, so often, in milliseconds. */
const drawMs = 250;
/** What is new is asked for at most so often, in milliseconds. */
const refreshMs = 3_000;
/** How far down somebody who reads the newest sessions may be, in pixels. */
const nearTop = 120;

export interface LiveRows {
  rows: Rows;
  /** The rows are still those of the filters before. */
  outdated: boolean;
  /** How many sessions more there are than are shown, to somebody who is further down. */
  more: number;
  /** Asks for everything anew. */
  refresh(): void;
}

/** The rows that filters let through, which follow what happens. */
export function useLiveRows(filters: URLSearchParams): LiveRows {
  const [, draw] = useReducer<number, void>((n) => n + 1, 0);
  const [more, setMore] = useState(0);
  const key = filters.toString();

  const rows = useMemo(() => {
    const query = () => apiQueryOf(filters, Math.floor(Date.now() / 60_000) * 60);
    return new Rows(
      ({ offset, limit }, signal) => {
        const asked = query();
        asked.set('offset', String(offset));
        asked.set('limit', String(limit));
        return api.sessions(asked, signal);
      },
      () => draw(),
    );
  }, [key]);
  const waiting = useRef(new Map<string, Summary>());
  const timers = useRef<{ draw?: Timer; look?: Timer }>({});
  useEffect(() => {
    setMore(0);
    rows.want(0, 0);
    return () => {
      rows.close();
      // What was to be done for these rows is not to be done for others.
      Object.values(timers.current).forEach(clearTimeout);
      timers.current = {};
      waiting.current.clear();
    };
  }, [rows]);

  const latest = useRef(rows);
  latest.current = rows;

  // Until the answer for new filters is there, those before are shown.
  const before = useRef(rows);
  const outdated = rows.total === undefined && rows.error === undefined && before.current !== rows;
  if (!outdated) before.current = rows;

  const refresh = () => {
    setMore(0);
    rows.refresh();
  };

  const look = async () => {
    timers.current.look = undefined;
    if (scrollY <= nearTop) return refresh();
    // Rows must not move below the eyes of somebody who reads: it is told how many there are.
    const query = apiQueryOf(filters, Date.now() / 1000);
    query.set('limit', '1');
    const page = await api.sessions(query).catch(() => undefined);
    if (page && rows.total !== undefined && latest.current === rows)
      setMore(Math.max(0, page.total - rows.total));
  };
  const lookSoon = () => {
    timers.current.look ??= setTimeout(look, refreshMs);
  };
  const take = () => {
    timers.current.draw = undefined;
    const unknown = rows.patch([...waiting.current.values()]);
    waiting.current.clear();
    if (unknown.some((summary) => mayBelong(summary, rows, filters))) lookSoon();
  };

  useChanges((change) => {
    if (change.type === 'missed') return rows.refresh();
    if (change.type === 'deleted') {
      if (rows.indexOf(change.id) !== undefined) rows.refresh();
      return;
    }
    waiting.current.set(change.summary.id, change.summary);
    timers.current.draw ??= setTimeout(take, drawMs);
  });

  return { rows: outdated ? before.current : rows, outdated, more, refresh };
}

type Timer = ReturnType<typeof setTimeout>;

/** Whether a session that is not among the rows may be missing there, rather than further down. */
function mayBelong(summary: Summary, rows: Rows, filters: URLSearchParams): boolean {
  if (isFiltered(filters) || filters.get('sort') !== null) return true;
  const last = rows.lastKnown;
  return last === undefined || summary.start >= last.start || rows.total === undefined;
}
