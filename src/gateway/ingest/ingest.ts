import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SessionBatch } from '../decode/records.ts';
import type { UploadKind } from '../receive/endpoints.ts';
import { type Entry, readMeta } from '../spool/entry.ts';
import type { Spool } from '../spool/spool.ts';
import { sessionIdOf } from '../store/session-id.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { Telemetry } from '../telemetry.ts';
import { type TakenUp, type TakeUpOptions, takeUp } from './take-up.ts';

/**
 * Told of each batch that went into the store, in order and at most once: after a crash, the last one may not be told.
 * What it throws is logged.
 */
export type BatchListener = (batch: SessionBatch) => void;

export interface IngestOptions extends Omit<TakeUpOptions, 'isRedacted' | 'known' | 'traceOf'> {
  spool: Spool;
  store: SessionStore;
  telemetry: Telemetry;
  onBatch?: BatchListener;
  /** Whether jobs are waiting for answers, so that taking up can wait a little. */
  isBusy: () => boolean;
  log: (message: string) => void;
}

/** For how long an upload may wait for others to be received, in milliseconds: it is taken up in the end. */
const maxCourtesy = 250;

/** How often an upload is tried that can be read, and cannot be stored for a reason that is not the disk's. */
const maxAttempts = 5;
/** How many processes may end in the midst of one upload: it may be what ends them. */
const maxDeaths = 3;
const fromDisk: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'EMFILE',
  'ENFILE',
  'EACCES',
]);

const isDiskTrouble = (error: unknown): boolean => fromDisk.has((error as NodeJS.ErrnoException).code ?? '');

/** Takes up what is spooled, oldest first: into the store, then on to the backends, then out of the spool. */
export class Ingest {
  readonly #options: IngestOptions & TakeUpOptions;
  #closing = false;
  #failures = 0;
  readonly #running: Promise<void>;

  private constructor(options: IngestOptions & TakeUpOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  static async start(options: IngestOptions): Promise<Ingest> {
    await mkdir(options.staging, { recursive: true, mode: 0o700 });
    // Audio that was on its way is still in its upload.
    for (const name of await readdir(options.staging)) await rm(join(options.staging, name), { force: true });
    const { store } = options;
    return new Ingest({
      ...options,
      isRedacted: (session) => store.isRedacted(session),
      known: (session) => store.identity(session),
      traceOf: async (session) =>
        (await store.state(sessionIdOf(session)).catch(() => undefined))?.traceIds[0],
    });
  }

  /** Resolves when all that is spooled has been taken up, or after `patience` milliseconds. */
  async drained(patience: number): Promise<void> {
    const end = Date.now() + patience;
    while (this.#options.spool.count > 0 && Date.now() < end) await delay(10);
  }

  /** Ends after the upload that is being taken up; the others stay in the spool. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#options.spool.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { spool, log } = this.#options;
    while (!this.#closing) {
      const entry = spool.first();
      if (!entry) await spool.next(1000);
      else if (await this.#yielded()) continue;
      else if (await this.#process(entry)) this.#failures = 0;
      else {
        const pause = Math.min(30_000, 250 * 2 ** this.#failures++);
        if (this.#failures === 1) log('The store cannot be written; uploads wait in the spool');
        for (const end = Date.now() + pause; !this.#closing && Date.now() < end; ) await delay(50);
      }
    }
  }

  /**
   * Lets jobs that end be answered first: they wait, and nobody waits for what is taken up.
   *
   * @returns whether the gateway is being closed
   */
  async #yielded(): Promise<boolean> {
    for (const end = Date.now() + maxCourtesy; this.#options.isBusy() && Date.now() < end; ) await delay(10);
    return this.#closing;
  }

  /** @returns whether the entry is dealt with */
  async #process(entry: Entry): Promise<boolean> {
    const { spool, telemetry, log } = this.#options;
    const finished = async (kind: UploadKind, result: 'ok' | 'malformed' | 'failed') => {
      await spool.remove(entry);
      telemetry.count('earshot_gateway_processed_total', { kind, result });
      return true;
    };
    let kind: UploadKind = 'logs';
    let taken: TakenUp;
    try {
      const meta = await readMeta(entry);
      kind = meta.kind as UploadKind;
      if ((await spool.begin(entry)) >= maxDeaths) {
        log(`An upload of ${kind} is dropped: the gateway ended ${maxDeaths} times while it was taken up`);
        return finished(kind, 'failed');
      }
      taken = await takeUp(entry, meta, this.#options);
    } catch (error) {
      if (isDiskTrouble(error)) return false;
      // Errors of parsers quote what they could not parse: what was said is never in the log.
      log(`An upload of ${kind} could not be read and is dropped (${(error as Error).name})`);
      return finished(kind, 'malformed');
    }
    try {
      // What comes of a deleted session goes nowhere.
      if (await this.#store(entry, taken)) await taken.forward();
    } catch (error) {
      if (isDiskTrouble(error) || this.#failures + 1 < maxAttempts) return false;
      log(`An upload of ${kind} could not be kept and is dropped (${(error as Error).name})`);
      return finished(kind, 'failed');
    } finally {
      await rm(join(this.#options.staging, `${entry.id}.ogg`), { force: true }).catch(() => {});
    }
    return finished(kind, 'ok');
  }

  /** @returns whether any of it is of a session that is kept */
  async #store(entry: Entry, { batches, ownerless, discarded }: TakenUp): Promise<boolean> {
    const { store, telemetry, onBatch, log } = this.#options;
    let kept = batches.length === 0;
    for (const batch of batches) {
      const applied = await store.apply(batch, entry.id);
      kept ||= applied !== 'deleted';
      if (applied === 'deleted') {
        telemetry.count(
          'earshot_gateway_discarded_records_total',
          { reason: 'deleted_session' },
          recordsIn(batch),
        );
      }
      if (applied !== 'applied') continue;
      try {
        onBatch?.(batch);
      } catch (error) {
        log(`What was taken up could not be measured: ${(error as Error).message}`);
      }
    }
    telemetry.count('earshot_gateway_discarded_records_total', { reason: 'no_session' }, ownerless);
    for (const reason of discarded) telemetry.count('earshot_gateway_discarded_records_total', { reason });
    return kept;
  }
}

const recordsIn = ({ spans, logs, items, metrics, evaluations }: SessionBatch): number =>
  spans.length + logs.length + items.length + metrics.length + evaluations.length;
