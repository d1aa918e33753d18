import type { Derivation, Exemplar } from '../catalogue/observation.ts';
import type { MetricSpec } from '../catalogue/types.ts';
import { openLabels, overflow } from './label-cap.ts';

/** A label set of a metric, as far as it matters for when it can be let go. */
export interface Entry {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The labels whose values are capped. */
  readonly open: readonly string[];
  /** When it was used last, in milliseconds since the epoch. */
  usedAt: number;
  /** Whether it is a gauge that shows something: that is of something that lives, and stays. */
  inUse: boolean;
  /** Whether it was let go: what is recorded from then on begins a new one. */
  gone: boolean;
}

/** A label set that samples can be added to. */
export interface KeptSeries extends Entry {
  add(value: number, exemplar?: Exemplar): void;
}

export interface KeepOptions extends Pick<Entry, 'metric' | 'labels'> {
  spec: MetricSpec;
  now(): number;
  /** Adds a sample; false: it was refused. */
  add(value: number, exemplar?: Exemplar): boolean;
  /** The series of the same labels, when this one was let go; undefined: there is no room for it. */
  again(): KeptSeries | undefined;
}

/** What rounding leaves in a gauge to which as much was added as was taken. */
const nothing = 1e-9;

/** A label set that knows whether it is used. Whoever has it may keep it, also when it was let go. */
export function keep({ metric, labels, spec, now, add, again }: KeepOptions): KeptSeries {
  let shown = 0;
  let next: KeptSeries | undefined;
  const kept: KeptSeries = {
    ...{ metric, labels, open: openLabels(spec), usedAt: now(), inUse: false, gone: false },
    add(value, exemplar) {
      if (kept.gone) {
        if (!next || next.gone) next = again();
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
  /** How long nothing must have been recorded before something is let go, in milliseconds. */
  idleMs: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Takes one out of the exposition. */
  remove(entry: E): void;
}

/** What part is let go at once: a look through all of them is not cheap. */
const batch = 0.1;
/** How soon after a look that found nothing there is another, in milliseconds. */
const pauseMs = 60_000;

/**
 * All label sets of a recorder. Where there is no room for a new one, those are let go of which nothing was recorded for
 * long: memory stays bounded, and what is new is shown. For Prometheus that is as if a process had ended: the series
 * becomes stale, and if its label set returns, it begins anew.
 */
export class SeriesTable<E extends Entry> {
  readonly #options: SeriesTableOptions<E>;
  readonly #entries = new Map<string, E>();
  /** Values of labels that somebody has who is still there, and how many. */
  readonly #held = new Map<string, number>();
  /** When it is worth the while to look again, by label; '' is for all. */
  readonly #nextLook = new Map<string, number>();

  constructor(options: SeriesTableOptions<E>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): E | undefined {
    return this.#entries.get(key);
  }

  /** Whether there is room for one more, after what can be let go has been. */
  hasRoom(): boolean {
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
   * Lets values of a label go that have not been seen for long, with all their label sets.
   *
   * @param seen when each value was admitted last
   * @returns which
   */
  letGo(label: string, seen: ReadonlyMap<string, number>): string[] {
    if (!this.#looksAgain(label)) return [];
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

  /** Keeps values of labels from being let go, until what it returns is called. */
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

  #looksAgain(what: string): boolean {
    return this.#options.now() >= (this.#nextLook.get(what) ?? 0);
  }

  /** Which of them have been idle for long, the longest first, and no more than a part of `all`. */
  #idle(what: string, candidates: readonly [string, number, boolean][], all: number): string[] {
    if (!this.#looksAgain(what)) return [];
    const { now, idleMs } = this.#options;
    const before = now() - idleMs;
    const free = candidates.filter(([, , inUse]) => !inUse);
    const idle = free.filter(([, usedAt]) => usedAt <= before).sort(([, a], [, b]) => a - b);
    if (idle.length === 0) {
      // Else somebody who sends ever new values has the worker look through everything, each time.
      const oldest = free.reduce((least, [, usedAt]) => Math.min(least, usedAt), Number.POSITIVE_INFINITY);
      this.#nextLook.set(what, Math.min(Math.max(oldest + idleMs, now() + pauseMs), now() + idleMs));
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

/** Of a series, what is needed here. */
interface Addable {
  add(value: number): void;
}

/**
 * Adds to all series that are derived from one. Which these are is asked once for each revision.
 *
 * @param find the series of a metric and labels, or undefined when it is refused, which it counts
 */
export function deriving(
  derivation: Derivation,
  labels: Readonly<Record<string, string>>,
  find: (metric: string, labels: Readonly<Record<string, string>>) => Addable | undefined,
): (value: number) => void {
  let revision: number | undefined;
  let found: { series: Addable | undefined; factor: number }[] = [];
  return (value) => {
    const { revision: current } = derivation;
    // One that was refused is asked for again, so that each loss is counted.
    if (current !== revision || found.some(({ series }) => !series)) {
      revision = current;
      found = derivation
        .of(labels)
        .map(({ metric, labels: of, factor }) => ({ series: find(metric, of), factor }));
    }
    for (const { series, factor } of found) series?.add(value * factor);
  };
}
