/** Why an item was not exported. */
export type DropReason = 'queue_full' | 'export_failed' | 'deadline' | 'internal_error';

/** Counts the results of exports. */
export interface ExportCounters {
  exported(count: number): void;
  dropped(reason: DropReason, count: number): void;
  /** The backend refused or could not be reached. */
  failed?(error: Error | undefined): void;
}

/** An exporter of either signal. */
interface Exporter<T> {
  export(items: T[], done: (result: { code: number; error?: Error }) => void): void;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}

/** The code of an export that succeeded, in OpenTelemetry's `ExportResultCode`. */
const success = 0;

/** How many items may wait, and how much text they may hold together, in UTF-16 units. */
export const maxItems = 2048;
export const maxWeight = 8 * 1024 * 1024;

/**
 * Bounds and counts the items that wait for export, across the batches of OpenTelemetry's processors. These drop
 * silently when full, so this queue admits fewer items than they hold: each item is counted as exported or dropped.
 */
export class ExportQueue<T extends object> {
  readonly #counters: ExportCounters;
  readonly #weights = new Map<T, number>();
  #weight = 0;
  #emptied: (() => void)[] = [];

  constructor(counters: ExportCounters) {
    this.#counters = counters;
  }

  /** Waiting items in order, including those being exported. */
  get items(): T[] {
    return [...this.#weights.keys()];
  }

  get waiting(): number {
    return this.#weights.size;
  }

  /** Whether the item may be queued; if not, it has been counted as dropped. */
  admit(item: T, weight: number): boolean {
    if (this.#weights.size >= maxItems || this.#weight + weight > maxWeight) {
      this.#counters.dropped('queue_full', 1);
      return false;
    }
    this.#weights.set(item, weight);
    this.#weight += weight;
    return true;
  }

  /** Wraps the exporter's `export` to count its results. */
  instrument<E extends Exporter<T>>(exporter: E): E {
    const send = exporter.export.bind(exporter);
    exporter.export = (items: T[], done: Parameters<Exporter<T>['export']>[1]) => {
      send(items, (result) => {
        const count = this.#remove(items);
        if (result.code === success) this.#counters.exported(count);
        else {
          this.#counters.dropped('export_failed', count);
          this.#counters.failed?.(result.error);
        }
        done(result);
      });
    };
    return exporter;
  }

  /** Resolves when nothing waits. */
  drained(): Promise<void> {
    if (this.waiting === 0) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }

  /** Drops all waiting items. One that is exported all the same is not counted again. */
  dropAll(): void {
    const count = this.waiting;
    if (count > 0) this.#counters.dropped('deadline', count);
    this.#weights.clear();
    this.#settle();
  }

  #remove(items: readonly T[]): number {
    let count = 0;
    for (const item of items) {
      const weight = this.#weights.get(item);
      if (weight === undefined) continue;
      this.#weights.delete(item);
      this.#weight -= weight;
      count += 1;
    }
    this.#settle();
    return count;
  }

  #settle(): void {
    if (this.waiting > 0) return;
    this.#weight = 0;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }
}
