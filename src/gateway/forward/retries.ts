import type { Entry } from '../spool/entry.ts';

export interface RetriesOptions {
  /** Milliseconds. */
  firstDelay: number;
  maxDelay: number;
}

/** How often an entry may fail, each time while others are taken, before it is set aside. */
const maxFailures = 5;

interface Alone {
  /** Failures of this entry with a success of another before the next. */
  failures: number;
  /** How many requests had been taken when it failed last; undefined: it has not failed alone. */
  taken?: number;
  /** Unix milliseconds before which it is not tried again. */
  until: number;
}

/** Tells entries that fail by themselves from a destination that takes nothing. */
export class Retries {
  readonly #options: RetriesOptions;
  /** Those that are sent alone, by id. */
  readonly #alone = new Map<string, Alone>();
  #taken = 0;

  constructor(options: RetriesOptions) {
    this.#options = options;
  }

  /** Whether an entry is sent alone, because it failed, or was in a batch that did. */
  isAlone({ id }: Entry): boolean {
    return this.#alone.has(id);
  }

  isDue({ id }: Entry, now: number): boolean {
    return (this.#alone.get(id)?.until ?? 0) <= now;
  }

  /** Has an entry be sent alone, to see which of a batch it was. */
  separate({ id }: Entry): void {
    if (!this.#alone.has(id)) this.#alone.set(id, { failures: 0, until: 0 });
  }

  /** A request was taken: what failed before it did not fail because nothing is. */
  succeeded(): void {
    this.#taken++;
  }

  /** @returns whether it is to be set aside: it has failed again and again, and others were taken each time */
  failed({ id }: Entry, now: number): boolean {
    const known = this.#alone.get(id);
    const byItself = known?.taken !== undefined && known.taken < this.#taken;
    const failures = (known?.failures ?? 0) + (byItself ? 1 : 0);
    const until = now + Math.min(this.#options.maxDelay, this.#options.firstDelay * 2 ** failures);
    this.#alone.set(id, { failures, taken: this.#taken, until });
    return failures >= maxFailures;
  }

  forget({ id }: Entry): void {
    this.#alone.delete(id);
  }

  /** With a random half, so that gateways that lost a backend together do not come back together. */
  pause(failures: number): number {
    const { firstDelay, maxDelay } = this.#options;
    return Math.min(maxDelay, firstDelay * 2 ** Math.min(failures, 20)) * (0.5 + Math.random() / 2);
  }
}
