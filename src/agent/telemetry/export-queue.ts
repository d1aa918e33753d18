/** Why something was not sent. */
export type DropReason = 'queue_full' | 'export_failed' | 'deadline' | 'internal_error';

/** What becomes of what is to be sent. */
export interface Tally {
  exported(count: number): void;
  dropped(reason: DropReason, count: number): void;
  /** The backend refused or could not be reached. */
  failed?(error: Error | undefined): void;
}

/** What an exporter of either signal is. */
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
 * Keeps account of what waits to be sent, across the batches of OpenTelemetry's processors: these drop silently
 * what is too much for them, so nothing gets to them that is, and each item ends up exported or dropped.
 */
export class Bounds<T extends object> {
  readonly #tally: Tally;
  readonly #weights = new Map<T, number>();
  #weight = 0;
  #emptied: (() => void)[] = [];

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** What waits, in order; what is on its way is among it. */
  get items(): T[] {
    return [...this.#weights.keys()];
  }

  get waiting(): number {
    return this.#weights.size;
  }

  /** Whether the item may be queued; if not, it has been counted as dropped. */
  admit(item: T, weight: number): boolean {
    if (this.#weights.size >= maxItems || this.#weight + weight > maxWeight) {
      this.#tally.dropped('queue_full', 1);
      return false;
    }
    this.#weights.set(item, weight);
    this.#weight += weight;
    return true;
  }

  /** The exporter, with account kept of what it does. */
  watch<E extends Exporter<T>>(exporter: E): E {
    const send = exporter.export.bind(exporter);
    exporter.export = (items: T[], done: Parameters<Exporter<T>['export']>[1]) => {
      send(items, (result) => {
        const count = this.#remove(items);
        if (result.code === success) this.#tally.exported(count);
        else {
          this.#tally.dropped('export_failed', count);
          this.#tally.failed?.(result.error);
        }
        done(result);
      });
    };
    return exporter;
  }

  /** Resolves when nothing waits. */
  empty(): Promise<void> {
    if (this.waiting === 0) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }

  /** Gives up what waits. What is sent of it all the same is not counted a second time. */
  abandon(): void {
    const count = this.waiting;
    if (count > 0) this.#tally.dropped('deadline', count);
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

/** Resolves with the work or after `ms` milliseconds, whichever is first; true: the work was done in time. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const done = work.then(
    () => true as const,
    () => true as const,
  );
  const inTime = await Promise.race([done, late]);
  clearTimeout(timer);
  return inTime;
}
