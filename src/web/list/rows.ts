import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { ApiError, api, type SessionPage, type Summary } from '../api.ts';
import { useChanges } from '../changes.ts';
import { apiQueryOf, isFiltered } from './filters.ts';

/** Rows per request. */
export const chunkRows = 100;

export type Load = (range: { offset: number; limit: number }, signal: AbortSignal) => Promise<SessionPage>;

/**
 * The rows of a list. Only rows near the visible ones are loaded. Loaded rows stay while they are refreshed.
 */
export class Rows {
  /** The number of rows; undefined until the first response. */
  total: number | undefined;
  /** The error of the last request, if it failed. */
  error: ApiError | undefined;
  readonly #load: Load;
  readonly #changed: () => void;
  readonly #chunks = new Map<number, { rows: Summary[]; fresh: boolean }>();
  readonly #pending = new Map<number, AbortController>();
  #wanted: readonly [first: number, last: number] = [0, 0];

  constructor(load: Load, changed: () => void) {
    this.#load = load;
    this.#changed = changed;
  }

  at(index: number): Summary | undefined {
    return this.#chunks.get(Math.floor(index / chunkRows))?.rows[index % chunkRows];
  }

  /** The index of a session among the loaded rows. */
  indexOf(id: string): number | undefined {
    for (const [chunk, { rows }] of this.#chunks) {
      const index = rows.findIndex((row) => row.id === id);
      if (index >= 0) return chunk * chunkRows + index;
    }
    return undefined;
  }

  get loading(): boolean {
    return this.#pending.size > 0;
  }

  /** The last row of the contiguous loaded rows from the first. */
  get lastKnown(): Summary | undefined {
    let last: Summary | undefined;
    for (let chunk = 0; this.#chunks.has(chunk); chunk++) last = this.#chunks.get(chunk)?.rows.at(-1) ?? last;
    return last;
  }

  /** Loads the rows from `first` to `last` that are missing or outdated. */
  want(first: number, last: number): void {
    this.#wanted = [first, last];
    const end = Math.min(last, Math.max(0, (this.total ?? 1) - 1));
    for (let chunk = Math.floor(first / chunkRows); chunk <= Math.floor(end / chunkRows); chunk++) {
      if (!this.#chunks.get(chunk)?.fresh) void this.#fetch(chunk);
    }
  }

  /** Reloads the visible rows, and others once they are visible. */
  refresh(): void {
    for (const pending of this.#pending.values()) pending.abort();
    this.#pending.clear();
    for (const chunk of this.#chunks.values()) chunk.fresh = false;
    this.error = undefined;
    this.want(...this.#wanted);
  }

  /** Updates loaded rows; returns the sessions that are not among them. */
  patch(summaries: readonly Summary[]): Summary[] {
    const unknown = summaries.filter((summary) => {
      const index = this.indexOf(summary.id);
      const rows = index === undefined ? undefined : this.#chunks.get(Math.floor(index / chunkRows))?.rows;
      if (index !== undefined && rows) rows[index % chunkRows] = summary;
      return rows === undefined;
    });
    if (unknown.length < summaries.length) this.#changed();
    return unknown;
  }

  close(): void {
    for (const pending of this.#pending.values()) pending.abort();
    this.#pending.clear();
  }

  async #fetch(chunk: number): Promise<void> {
    if (this.#pending.has(chunk)) return;
    const controller = new AbortController();
    this.#pending.set(chunk, controller);
    const isCurrent = () => this.#pending.get(chunk) === controller;
    try {
      const page = await this.#load({ offset: chunk * chunkRows, limit: chunkRows }, controller.signal);
      if (!isCurrent()) return;
      this.#pending.delete(chunk);
      this.#store(chunk, page);
    } catch (error) {
      if (!isCurrent()) return;
      this.#pending.delete(chunk);
      this.error = error instanceof ApiError ? error : new ApiError(0, 'The response could not be read.');
    }
    this.#changed();
  }

  #store(chunk: number, { total, sessions }: SessionPage): void {
    this.error = undefined;
    this.#chunks.set(chunk, { rows: sessions, fresh: true });
    const before = this.total;
    this.total = total;
    const chunks = Math.ceil(total / chunkRows);
    for (const index of this.#chunks.keys()) if (index >= chunks && index > 0) this.#chunks.delete(index);
    // The total has grown: more rows may be wanted.
    if (before === undefined || total > before) this.want(...this.#wanted);
  }
}

/** Interval at which changes are rendered together, in milliseconds. */
const drawMs = 250;
/** Minimum interval between requests for new sessions, in milliseconds. */
const refreshMs = 3_000;
/** Scroll offset up to which new sessions are inserted at the top, in pixels. */
const nearTop = 120;

export interface LiveRows {
  rows: Rows;
  /** The rows are still those of the previous filters. */
  outdated: boolean;
  /** The number of new sessions that are not shown, because the user has scrolled down. */
  more: number;
  /** Reloads everything. */
  refresh(): void;
}

/** The rows that match the filters, with live updates. */
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
      // Pending updates of these rows must not apply to others.
      Object.values(timers.current).forEach(clearTimeout);
      timers.current = {};
      waiting.current.clear();
    };
  }, [rows]);

  const latest = useRef(rows);
  latest.current = rows;

  // The previous rows are shown until the response for new filters arrives.
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
    // Rows must not move while the user reads: only the number of new sessions is shown.
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

/** Whether a session that is not loaded may belong among the loaded rows, and not further down. */
function mayBelong(summary: Summary, rows: Rows, filters: URLSearchParams): boolean {
  if (isFiltered(filters) || filters.get('sort') !== null) return true;
  const last = rows.lastKnown;
  return last === undefined || summary.start >= last.start || rows.total === undefined;
}
