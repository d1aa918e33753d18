import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { ApiError, api, type SessionPage, type Summary } from '../api.ts';
import { useChanges } from '../changes.ts';
import { apiQueryOf, isFiltered } from './filters.ts';

/** Rows that are asked for at a time. */
export const chunkRows = 100;

export type Load = (range: { offset: number; limit: number }, signal: AbortSignal) => Promise<SessionPage>;

/**
 * The rows of one list, of which only those near to what is looked at are asked for. What is there stays while it is
 * asked for again.
 */
export class Rows {
  /** How many there are; undefined until the first answer. */
  total: number | undefined;
  /** What the last request failed with, if it did. */
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

  /** Where a session is, among the rows that are there. */
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

  /** The last row that is there without a gap from the first. */
  get lastKnown(): Summary | undefined {
    let last: Summary | undefined;
    for (let chunk = 0; this.#chunks.has(chunk); chunk++) last = this.#chunks.get(chunk)?.rows.at(-1) ?? last;
    return last;
  }

  /** Asks for the rows from `first` to `last`, as far as they are not there. */
  want(first: number, last: number): void {
    this.#wanted = [first, last];
    const end = Math.min(last, Math.max(0, (this.total ?? 1) - 1));
    for (let chunk = Math.floor(first / chunkRows); chunk <= Math.floor(end / chunkRows); chunk++) {
      if (!this.#chunks.get(chunk)?.fresh) void this.#fetch(chunk);
    }
  }

  /** Asks again for what is looked at, and for the rest once it is. */
  refresh(): void {
    for (const pending of this.#pending.values()) pending.abort();
    this.#pending.clear();
    for (const chunk of this.#chunks.values()) chunk.fresh = false;
    this.error = undefined;
    this.want(...this.#wanted);
  }

  /** Takes over what has become of sessions; returns those that are not among the rows that are there. */
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
    // Only now it is known that there are more.
    if (before === undefined || total > before) this.want(...this.#wanted);
  }
}

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
