import { setTimeout as delay } from 'node:timers/promises';
import type { destinations } from '../../catalogue/gateway.ts';
import type { DeadLetters } from '../spool/dead-letters.ts';
import { type Entry, type Meta, NoSpaceError, readMeta, Spool } from '../spool/spool.ts';
import type { Telemetry } from '../telemetry.ts';
import { PermanentError, RetryableError } from './post.ts';

export type DestinationName = (typeof destinations)[number];

/** The destination of a backlog. */
export interface Destination {
  name: DestinationName;
  /** The maximum of one request. @default one entry */
  batch?: { entries: number; bytes: number };
  /**
   * Sends entries as one request.
   *
   * @param meta of the first entry
   * @returns the number of records that were rejected, although the rest was accepted
   * @throws PermanentError if the request is refused permanently; another Error if it may succeed later: then it is retried
   */
  send(entries: readonly [Entry, ...Entry[]], meta: Meta, signal: AbortSignal): Promise<number>;
}

export interface BacklogOptions {
  directory: string;
  /** Maximum bytes in the backlog; above it, the oldest entry is dropped. */
  maxBytes: number;
  destination: Destination;
  /** Keeps what is refused permanently. */
  deadLetters: DeadLetters;
  telemetry: Telemetry;
  log: (message: string) => void;
  /** Milliseconds before the first retry; doubled for each further one, up to `maxDelay`. @default 1000 */
  firstDelay?: number;
  /** @default 60000 */
  maxDelay?: number;
}

/** Milliseconds between checks for due entries. */
const pollMs = 1000;

/**
 * The durable queue of a destination, and its sender. The oldest entry is sent first; entries known to fail on their own
 * are sent after the others.
 */
export class Backlog {
  readonly #options: Required<BacklogOptions>;
  readonly #spool: Spool;
  readonly #retries: Retries;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  /** Whether the last request was refused: only the first of several in a row is logged. */
  #refusing = false;
  #isSending = false;
  /** Failed requests since the last accepted one. */
  #failures = 0;

  private constructor(options: Required<BacklogOptions>, spool: Spool) {
    this.#options = options;
    this.#spool = spool;
    this.#retries = new Retries(options);
    this.#running = this.#run();
  }

  static async open(options: BacklogOptions): Promise<Backlog> {
    const { directory, maxBytes } = options;
    const spool = await Spool.open({ directory, maxBytes });
    options.telemetry.addDestination(options.destination.name);
    return new Backlog({ firstDelay: 1000, maxDelay: 60_000, ...options }, spool);
  }

  get bytes(): number {
    return this.#spool.bytes;
  }

  /** @param id identifies the source; an entry with the same id is replaced */
  async add(
    id: string,
    meta: Meta,
    body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    size: number,
  ): Promise<void> {
    while (this.#spool.count > 0 && this.#spool.bytes + size + 4096 > this.#options.maxBytes) {
      await this.#drop(this.#spool.oldest());
    }
    try {
      await this.#spool.receive(meta, body, { most: Number.POSITIVE_INFINITY, expected: size }, id);
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error;
      // The session itself is still stored.
      this.#count('dropped');
    }
  }

  /** Resolves when the backlog is empty, or after `timeoutMs`. */
  async drained(timeoutMs: number): Promise<void> {
    const end = Date.now() + timeoutMs;
    while ((this.#spool.count > 0 || this.#isSending) && Date.now() < end) await delay(10);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#spool.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const [first, ...others] = this.#due();
      if (!first) {
        await this.#spool.next(Math.min(pollMs, this.#options.firstDelay));
        continue;
      }
      // After any error here, the backlog is sent later.
      this.#isSending = true;
      const pause = await this.#attempt([first, ...others]).catch((error: Error) => this.#failed(error));
      this.#isSending = false;
      if (pause > 0) await delay(pause, undefined, { signal }).catch(() => {});
    }
  }

  /** The entries of the next request; none if all of them were just tried. */
  #due(): Entry[] {
    const { batch = { entries: 1, bytes: 0 } } = this.#options.destination;
    const now = Date.now();
    const due: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#spool.entries()) {
      const alone = this.#retries.isAlone(entry);
      if (due.length === 0 && alone && this.#retries.isDue(entry, now)) return [entry];
      if (alone) continue;
      bytes += entry.bytes;
      if (due.length > 0 && (due.length >= batch.entries || bytes > batch.bytes)) break;
      due.push(entry);
    }
    return due;
  }

  /** @returns for how many milliseconds nothing is sent then */
  async #attempt(entries: [Entry, ...Entry[]]): Promise<number> {
    const { destination, telemetry, log } = this.#options;
    const { signal } = this.#closing;
    const [first] = entries;
    try {
      const rejected = await destination.send(entries, await metaOf(first), signal);
      if (rejected > 0) this.#rejected(rejected);
      for (const entry of entries) await this.#finish(entry, 'ok');
      this.#retries.succeeded();
      this.#refusing = false;
      if (this.#failures > 0) log(`${destination.name} takes what is forwarded again`);
      this.#failures = 0;
      return 0;
    } catch (error) {
      if (signal.aborted) return 0;
      // In a batch, the missing file may be of any entry; in a single request, it is this one.
      if (entries.length > 1 && !(error instanceof RetryableError && error.affectsAll)) {
        for (const entry of entries) this.#retries.separate(entry);
        if (error instanceof PermanentError || (error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      } else if (error instanceof PermanentError) {
        await this.#setAside(first, error.message);
        return 0;
      } else if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        await this.#spool.remove(first);
        return 0;
      } else if (!(error instanceof RetryableError && error.affectsAll)) {
        this.#spool.postpone(first);
        const ofApiKey = error instanceof RetryableError && error.ofApiKey;
        if (this.#retries.failed(first, Date.now(), ofApiKey)) {
          await this.#setAside(first, `it failed again and again: ${(error as Error).message}`);
          return 0;
        }
      }
      telemetry.count('talkgauge_gateway_forward_failures_total', { destination: destination.name });
      return this.#failed(error as Error);
    }
  }

  /** @returns for how many milliseconds nothing is sent then */
  #failed(error: Error): number {
    const { destination, firstDelay, log } = this.#options;
    // Only the first failure of a series is logged.
    if (this.#failures === 0)
      log(`${destination.name} does not take what is forwarded; it waits: ${error.message}`);
    const own = this.#retries.pause(this.#failures++);
    const asked = error instanceof RetryableError ? error.retryAfter : undefined;
    return asked === undefined ? own : Math.max(asked, firstDelay / 2);
  }

  #rejected(records: number): void {
    const { destination, telemetry, log } = this.#options;
    telemetry.count(
      'talkgauge_gateway_forward_rejected_records_total',
      { destination: destination.name },
      records,
    );
    if (!this.#refusing)
      log(
        `${destination.name} takes what is forwarded, and rejects ${records} records in it; its own log says why.`,
      );
    this.#refusing = true;
  }

  async #setAside(entry: Entry, reason: string): Promise<void> {
    const { deadLetters, destination, log } = this.#options;
    const kept = await deadLetters.keep(entry, destination.name, reason);
    await this.#finish(entry, 'rejected');
    if (!this.#refusing)
      log(
        `${destination.name} refuses what is forwarded, for good: ${reason}. ${kept ? 'It is kept in the dead-letter folder. ' : ''}Look at its address, its headers and its limits.`,
      );
    this.#refusing = true;
  }

  async #drop(entry: Entry | undefined): Promise<void> {
    if (entry) await this.#finish(entry, 'dropped');
  }

  async #finish(entry: Entry, result: 'ok' | 'rejected' | 'dropped'): Promise<void> {
    this.#retries.forget(entry);
    this.#count(result);
    await this.#spool.remove(entry);
  }

  #count(result: 'ok' | 'rejected' | 'dropped'): void {
    const { telemetry, destination } = this.#options;
    telemetry.count('talkgauge_gateway_forwarded_total', { destination: destination.name, result });
  }
}

/** @throws PermanentError if the entry is damaged; Error of the file system */
async function metaOf(entry: Entry): Promise<Meta> {
  try {
    return await readMeta(entry);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === undefined
      ? new PermanentError('its file is damaged')
      : error;
  }
}

export interface RetriesOptions {
  /** Milliseconds. */
  firstDelay: number;
  maxDelay: number;
}

/** How often an entry may fail while others succeed before it becomes a dead letter. */
const maxFailures = 5;

interface Alone {
  /** Failures of this entry that were followed by a success of another one, except those for its API key. */
  failures: number;
  /** All failures of this entry that were followed by a success of another one. */
  attempts: number;
  /** The number of accepted requests at its last failure; undefined: it has not failed alone. */
  taken?: number;
  /** Unix milliseconds before which it is not retried. */
  until: number;
}

/** Distinguishes entries that fail by themselves from a destination that is down. */
export class Retries {
  readonly #options: RetriesOptions;
  /** The entries that are sent alone, by id. */
  readonly #alone = new Map<string, Alone>();
  #taken = 0;

  constructor(options: RetriesOptions) {
    this.#options = options;
  }

  /** Whether an entry is sent alone, because it or its batch failed. */
  isAlone({ id }: Entry): boolean {
    return this.#alone.has(id);
  }

  isDue({ id }: Entry, now: number): boolean {
    return (this.#alone.get(id)?.until ?? 0) <= now;
  }

  /** Marks an entry to be sent alone, to find the failing entry of a batch. */
  separate({ id }: Entry): void {
    if (!this.#alone.has(id)) this.#alone.set(id, { failures: 0, attempts: 0, until: 0 });
  }

  /** A request was accepted: earlier failures were not caused by an unavailable destination. */
  succeeded(): void {
    this.#taken++;
  }

  /**
   * @param ofApiKey whether it failed for its API key
   * @returns whether it becomes a dead letter: it failed repeatedly, while others were accepted
   */
  failed({ id }: Entry, now: number, ofApiKey = false): boolean {
    const known = this.#alone.get(id);
    const byItself = known?.taken !== undefined && known.taken < this.#taken;
    const attempts = (known?.attempts ?? 0) + (byItself ? 1 : 0);
    const failures = (known?.failures ?? 0) + (byItself && !ofApiKey ? 1 : 0);
    const until = now + Math.min(this.#options.maxDelay, this.#options.firstDelay * 2 ** attempts);
    this.#alone.set(id, { failures, attempts, taken: this.#taken, until });
    return failures >= maxFailures;
  }

  forget({ id }: Entry): void {
    this.#alone.delete(id);
  }

  /** Half of it is random, so that gateways that lost a backend at the same time do not retry at the same time. */
  pause(failures: number): number {
    const { firstDelay, maxDelay } = this.#options;
    return Math.min(maxDelay, firstDelay * 2 ** Math.min(failures, 20)) * (0.5 + Math.random() / 2);
  }
}
