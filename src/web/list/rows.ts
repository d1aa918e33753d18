import { ApiError, type SessionPage, type Summary } from '../api.ts';

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
      this.#take(chunk, page);
    } catch (error) {
      if (!isCurrent()) return;
      this.#pending.delete(chunk);
      this.error = error instanceof ApiError ? error : new ApiError(0, 'The answer could not be read.');
    }
    this.#changed();
  }

  #take(chunk: number, { total, sessions }: SessionPage): void {
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
