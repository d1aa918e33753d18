import { setTimeout as delay } from 'node:timers/promises';
import type { destinations } from '../../catalogue/gateway.ts';
import { type Entry, type Meta, readMeta } from '../spool/entry.ts';
import { NoRoom, Spool } from '../spool/spool.ts';
import type { Telemetry } from '../telemetry.ts';
import { Refused } from './post.ts';

export type DestinationName = (typeof destinations)[number];

/** Where a backlog is sent to. */
export interface Destination {
  name: DestinationName;
  /**
   * Sends one entry. Resolves when it was taken.
   *
   * @throws Refused if it is refused for good; another Error if it may work later: then it is tried again
   */
  send(entry: Entry, meta: Meta, signal: AbortSignal): Promise<void>;
}

export interface BacklogOptions {
  directory: string;
  /** What may wait, in bytes; then the oldest makes room. */
  maxBytes: number;
  destination: Destination;
  telemetry: Telemetry;
  log: (message: string) => void;
  /** Milliseconds before the first repetition; it doubles, up to `maxDelay`. @default 1000 */
  firstDelay?: number;
  /** @default 60000 */
  maxDelay?: number;
}

/** What waits for a backend, on disk, and the sending of it: oldest first, one at a time, until it is taken. */
export class Backlog {
  readonly #options: Required<BacklogOptions>;
  readonly #spool: Spool;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  /** Whether what was sent last was refused: of several in a row, the log tells of the first. */
  #refusing = false;

  private constructor(options: Required<BacklogOptions>, spool: Spool) {
    this.#options = options;
    this.#spool = spool;
    this.#running = this.#run();
  }

  static async open(options: BacklogOptions): Promise<Backlog> {
    const { directory, maxBytes } = options;
    const spool = await Spool.open({ directory, maxBytes });
    options.telemetry.handsOnTo(options.destination.name);
    return new Backlog({ firstDelay: 1000, maxDelay: 60_000, ...options }, spool);
  }

  get bytes(): number {
    return this.#spool.bytes;
  }

  /** @param id names what it is made of: the same again takes its place */
  async add(
    id: string,
    meta: Meta,
    body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    size: number,
  ): Promise<void> {
    while (this.#spool.count > 0 && this.#spool.bytes + size + 4096 > this.#options.maxBytes) {
      await this.#drop(this.#spool.first());
    }
    try {
      await this.#spool.receive(meta, body, { most: Number.POSITIVE_INFINITY, expected: size }, id);
    } catch (error) {
      if (!(error instanceof NoRoom)) throw error;
      // The session itself is kept all the same.
      this.#count('dropped');
    }
  }

  /** Resolves when nothing waits any more, or after `patience` milliseconds. */
  async drained(patience: number): Promise<void> {
    const end = Date.now() + patience;
    while (this.#spool.count > 0 && Date.now() < end) await delay(10);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#spool.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let failures = 0;
    while (!signal.aborted) {
      const entry = this.#spool.first();
      if (!entry) {
        await this.#spool.next(1000);
        continue;
      }
      if (await this.#attempt(entry, failures)) failures = 0;
      else await delay(this.#pause(failures++), undefined, { signal }).catch(() => {});
    }
  }

  /** @returns whether the entry is dealt with */
  async #attempt(entry: Entry, failures: number): Promise<boolean> {
    const { destination, telemetry, log } = this.#options;
    const { signal } = this.#closing;
    try {
      await destination.send(entry, await readMeta(entry), signal);
      await this.#spool.remove(entry);
      this.#count('ok');
      this.#refusing = false;
      if (failures > 0) log(`${destination.name} takes what is forwarded again`);
      return true;
    } catch (error) {
      if (error instanceof Refused) {
        await this.#spool.remove(entry);
        this.#count('rejected');
        if (!this.#refusing)
          log(
            `${destination.name} refuses what is forwarded, for good: ${error.message}. Look at its address, its headers and its limits.`,
          );
        this.#refusing = true;
        return true;
      }
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        await this.#spool.remove(entry);
        return true;
      }
      if (signal.aborted) return false;
      telemetry.count('earshot_gateway_forward_failures_total', { destination: destination.name });
      // The first of a series: the others say the same.
      if (failures === 0)
        log(`${destination.name} does not take what is forwarded; it waits: ${(error as Error).message}`);
      return false;
    }
  }

  /** With a random half, so that gateways that lost a backend together do not come back together. */
  #pause(failures: number): number {
    const { firstDelay, maxDelay } = this.#options;
    return Math.min(maxDelay, firstDelay * 2 ** Math.min(failures, 20)) * (0.5 + Math.random() / 2);
  }

  async #drop(entry: Entry | undefined): Promise<void> {
    if (!entry) return;
    await this.#spool.remove(entry);
    this.#count('dropped');
  }

  #count(result: 'ok' | 'rejected' | 'dropped'): void {
    const { telemetry, destination } = this.#options;
    telemetry.count('earshot_gateway_forwarded_total', { destination: destination.name, result });
  }
}
