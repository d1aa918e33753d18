import type { Derivation, Exemplar } from '../catalogue/observation.ts';
import type { MetricSpec } from '../catalogue/types.ts';
import { openLabels, overflow } from './label-cap.ts';

/** A label set of a metric, with what decides about its eviction. */
export interface Entry {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The labels whose values are capped. */
  readonly open: readonly string[];
  /** When it was used last, in milliseconds since the epoch. */
  usedAt: number;
  /** Whether it is a gauge other than 0: its subject is alive, so it is not evicted. */
  inUse: boolean;
  /** Whether it was evicted: further samples create a new series. */
  gone: boolean;
}

/** A label set that samples can be added to. */
export interface TrackedSeries extends Entry {
  add(value: number, exemplar?: Exemplar): void;
}

export interface TrackOptions extends Pick<Entry, 'metric' | 'labels'> {
  spec: MetricSpec;
  now(): number;
  /** Adds a sample; false: it was refused. */
  add(value: number, exemplar?: Exemplar): boolean;
  /** A new series of the same labels, after eviction; undefined: the table is full. */
  recreate(): TrackedSeries | undefined;
}

/** Rounding error of a gauge whose additions cancel out. */
const nothing = 1e-9;

/** A series that tracks its own use. A reference stays valid after eviction: the next sample creates the series again. */
export function track({ metric, labels, spec, now, add, recreate }: TrackOptions): TrackedSeries {
  let shown = 0;
  let next: TrackedSeries | undefined;
  const kept: TrackedSeries = {
    ...{ metric, labels, open: openLabels(spec), usedAt: now(), inUse: false, gone: false },
    add(value, exemplar) {
      if (kept.gone) {
        if (!next || next.gone) next = recreate();
        next?.add(value, exemplar);
        return;
      }
      if (!add(value, exemplar)) return;
      kept.usedAt = now();
      shown += value;
      kept.inUse = spec.type === 'gauge' && Math.abs(shown) > nothing;
    },
  };
  return kept;
}

export interface SeriesTableOptions<E extends Entry> {
  /** How many there may be. */
  max: number;
  /** Idle time before an entry may be evicted, in milliseconds. */
  idleMs: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Removes an entry from the exposition. */
  remove(entry: E): void;
}

/** Share of entries that one eviction removes, because searching all of them is expensive. */
const batch = 0.1;
/** Shortest pause after a search that found nothing, in milliseconds. */
const pauseMs = 60_000;

/**
 * All label sets of a recorder. When the table is full, entries that have been idle for long are evicted: memory stays
 * bounded, and new label sets are still exposed. For Prometheus that is as if a process had ended: the series
 * becomes stale, and if its label set returns, it begins anew.
 */
export class SeriesTable<E extends Entry> {
  readonly #options: SeriesTableOptions<E>;
  readonly #entries = new Map<string, E>();
  /** Reference counts of label values that must not be evicted. */
  readonly #held = new Map<string, number>();
  /** Earliest time of the next search for idle entries, by label; '' is for all. */
  readonly #nextSearch = new Map<string, number>();

  constructor(options: SeriesTableOptions<E>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): E | undefined {
    return this.#entries.get(key);
  }

  /** Whether one more entry fits, after evicting what is idle. */
  hasCapacity(): boolean {
    if (this.size < this.#options.max) return true;
    const entries = [...this.#entries].map(([key, entry]): [string, number, boolean] => [
      key,
      entry.usedAt,
      entry.inUse,
    ]);
    for (const key of this.#idle('', entries, this.#options.max)) this.#remove(key);
    return this.size < this.#options.max;
  }

  add(key: string, entry: E): void {
    this.#entries.set(key, entry);
  }

  /**
   * Evicts values of a label that have been idle for long, with all their label sets.
   *
   * @param seen when each value was admitted last
   * @returns which
   */
  evict(label: string, seen: ReadonlyMap<string, number>): string[] {
    if (!this.#searchesAgain(label)) return [];
    const usedAt = new Map(seen);
    const inUse = new Set([overflow]);
    for (const { labels, open, usedAt: at, inUse: shows } of this.#entries.values()) {
      const value = open.includes(label) ? labels[label] : undefined;
      const before = value === undefined ? undefined : usedAt.get(value);
      if (value === undefined || before === undefined) continue;
      if (at > before) usedAt.set(value, at);
      if (shows) inUse.add(value);
    }
    const values = [...usedAt].map(([value, at]): [string, number, boolean] => [
      value,
      at,
      inUse.has(value) || this.#held.has(`${label}=${value}`),
    ]);
    const idle = this.#idle(label, values, seen.size);
    const gone = new Set(idle);
    if (gone.size === 0) return idle;
    for (const [key, { labels, open }] of this.#entries) {
      if (open.includes(label) && gone.has(labels[label] as string)) this.#remove(key);
    }
    return idle;
  }

  /** Protects label values from eviction until the returned function is called. */
  hold(labels: Readonly<Record<string, string>>): () => void {
    const values = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
    const change = (by: number) => {
      for (const value of values) {
        const count = (this.#held.get(value) ?? 0) + by;
        if (count > 0) this.#held.set(value, count);
        else this.#held.delete(value);
      }
    };
    change(1);
    let released = false;
    return () => {
      if (!released) change(-1);
      released = true;
    };
  }

  #searchesAgain(what: string): boolean {
    return this.#options.now() >= (this.#nextSearch.get(what) ?? 0);
  }

  /** Which of them have been idle for long, the longest first, and no more than a part of `all`. */
  #idle(what: string, candidates: readonly [string, number, boolean][], all: number): string[] {
    if (!this.#searchesAgain(what)) return [];
    const { now, idleMs } = this.#options;
    const before = now() - idleMs;
    const free = candidates.filter(([, , inUse]) => !inUse);
    const idle = free.filter(([, usedAt]) => usedAt <= before).sort(([, a], [, b]) => a - b);
    if (idle.length === 0) {
      // Without a pause, a stream of new values would cause a full search for each of them.
      const oldest = free.reduce((least, [, usedAt]) => Math.min(least, usedAt), Number.POSITIVE_INFINITY);
      this.#nextSearch.set(what, Math.min(Math.max(oldest + idleMs, now() + pauseMs), now() + idleMs));
    }
    return idle.slice(0, Math.max(1, Math.floor(all * batch))).map(([name]) => name);
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    entry.gone = true;
    this.#options.remove(entry);
  }
}

/** The part of a series that is used here. */
interface Addable {
  add(value: number): void;
}

/**
 * Adds to all series that are derived from one. Which these are is asked once for each revision.
 *
 * @param find the series of a metric and labels, or undefined when it is refused, which it counts
 */
export function addDerived(
  derivation: Derivation,
  labels: Readonly<Record<string, string>>,
  find: (metric: string, labels: Readonly<Record<string, string>>) => Addable | undefined,
): (value: number) => void {
  let revision: number | undefined;
  let found: { series: Addable | undefined; factor: number }[] = [];
  return (value) => {
    const { revision: current } = derivation;
    // A rejected series is requested again for each sample, so that each loss is counted.
    if (current !== revision || found.some(({ series }) => !series)) {
      revision = current;
      found = derivation
        .of(labels)
        .map(({ metric, labels: of, factor }) => ({ series: find(metric, of), factor }));
    }
    for (const { series, factor } of found) series?.add(value * factor);
  };
}
