import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type SessionBatch, sessionOf } from '../decode/records.ts';
import type { UploadKind } from '../receive/endpoints.ts';
import type { DeadLetters } from '../spool/dead-letters.ts';
import { type Entry, readMeta, type Spool } from '../spool/spool.ts';
import { sessionIdOf } from '../store/session-files.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { Telemetry } from '../telemetry.ts';
import { Deferred, isPassing, type Result } from './deferred.ts';
import { type ProcessedUpload, type ProcessUploadOptions, processUpload } from './process-upload.ts';

export interface IngestOptions extends Omit<ProcessUploadOptions, 'isRedacted' | 'known' | 'traceOf'> {
  spool: Spool;
  store: SessionStore;
  /** Receives uploads that cannot be read or stored. */
  deadLetters: DeadLetters;
  telemetry: Telemetry;
  onBatch?: BatchListener;
  /** Whether jobs wait for responses, so that processing yields to them. */
  isBusy: () => boolean;
  log: (message: string) => void;
}

/** Milliseconds for which processing yields to uploads that are being received. */
const maxYieldMs = 250;

/** Maximum number of crashes while one upload is processed: it may be the cause. */
const maxCrashes = 3;
/** Milliseconds for which processing pauses after a failure of the disk; doubled for each further one, up to `maxPause`. */
const firstPause = 250;
const maxPause = 2000;

/**
 * Processes spooled uploads, oldest first: stores them, forwards them, then removes them from the spool. A failed upload is
 * retried, and later ones of the same sessions wait for it; other sessions continue.
 */
export class Ingest {
  readonly #options: IngestOptions & ProcessUploadOptions;
  #closing = false;
  #isProcessing = false;
  /** The number of consecutive failures. */
  #failures = 0;
  readonly #deferred = new Deferred();
  readonly #running: Promise<void>;

  private constructor(options: IngestOptions & ProcessUploadOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  static async start(options: IngestOptions): Promise<Ingest> {
    await mkdir(options.staging, { recursive: true, mode: 0o700 });
    // Temporary audio files are still part of their uploads.
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

  /** Resolves when all spooled uploads are processed, or after `timeoutMs`. */
  async drained(timeoutMs: number): Promise<void> {
    const end = Date.now() + timeoutMs;
    while ((this.#options.spool.count > 0 || this.#isProcessing) && Date.now() < end) await delay(10);
  }

  /** Stops after the current upload; the others stay in the spool. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#options.spool.wake();
    await this.#running;
  }

  /** Whether an upload has waited for this long, not counting uploads that keep failing. */
  isBehind(milliseconds: number): boolean {
    const now = Date.now();
    for (const entry of this.#options.spool.entries()) {
      if (this.#deferred.isGivenUpOn(entry, now)) continue;
      return now - receivedAt(entry) > milliseconds;
    }
    return false;
  }

  async #run(): Promise<void> {
    const { spool, log } = this.#options;
    while (!this.#closing) {
      const entry = this.#next();
      if (!entry) await spool.next(250);
      else if (await this.#yielded()) continue;
      else {
        this.#isProcessing = true;
        try {
          if (await this.#process(entry)) this.#failures = 0;
          else this.#failures++;
        } catch (error) {
          // After any error, the others are processed.
          log(`An upload could not be processed, and waits: ${(error as Error).name}`);
          this.#deferred.failed(entry, error, [], Date.now());
          this.#failures++;
        }
        this.#isProcessing = false;
        if (this.#failures > 0 && this.#deferred.isOfDisk(entry)) await this.#pause();
      }
    }
  }

  /** The oldest due upload; after a failure, preferably the oldest one that has not failed yet. */
  #next(): Entry | undefined {
    const now = Date.now();
    let failed: Entry | undefined;
    for (const entry of this.#options.spool.entries()) {
      const due = this.#deferred.dueAt(entry);
      if (due === undefined || due > now) continue;
      if (this.#failures === 0 || !this.#deferred.hasFailed(entry)) return entry;
      failed ??= entry;
    }
    return failed;
  }

  /** Waits longer with each consecutive failure, which is then not caused by the uploads. */
  async #pause(): Promise<void> {
    const pause = Math.min(maxPause, firstPause * 2 ** Math.min(this.#failures - 1, 20));
    for (const end = Date.now() + pause; !this.#closing && Date.now() < end; ) await delay(50);
  }

  /**
   * Yields to uploads of ending jobs: they wait for the response, and nothing waits for processing.
   *
   * @returns whether the gateway is being closed
   */
  async #yielded(): Promise<boolean> {
    for (const end = Date.now() + maxYieldMs; this.#options.isBusy() && Date.now() < end; ) await delay(10);
    return this.#closing;
  }

  /** @returns whether it succeeded */
  async #process(entry: Entry): Promise<boolean> {
    const { spool, log } = this.#options;
    const done = this.#deferred.done(entry);
    if (done) return this.#finish(entry, done.kind, done.result);
    let kind: UploadKind = 'logs';
    let taken: ProcessedUpload;
    try {
      const meta = await readMeta(entry);
      kind = meta.kind as UploadKind;
      if ((await spool.startProcessing(entry)) >= maxCrashes) {
        log(`An upload of ${kind} is given up: the gateway ended ${maxCrashes} times while it was processed`);
        return this.#giveUp(entry, kind, 'failed', 'the gateway ended while it was processed');
      }
      taken = await processUpload(entry, meta, this.#options);
    } catch (error) {
      return this.#failed(entry, kind, error, 'malformed');
    }
    const sessions = taken.batches.flatMap(({ identity }) => sessionOf(identity) ?? []);
    try {
      if (this.#deferred.isHeld(entry.id, sessions)) {
        this.#deferred.hold(entry, sessions, Date.now());
        return true;
      }
      // Uploads of a deleted session are not forwarded.
      if (await storeBatches(entry, taken, this.#options)) await taken.forward();
    } catch (error) {
      return this.#failed(entry, kind, error, 'failed', sessions);
    } finally {
      await rm(join(this.#options.staging, `${entry.id}.ogg`), { force: true }).catch(() => {});
    }
    return this.#finish(entry, kind, 'ok');
  }

  /** @param otherwise its treatment if the error is permanent */
  async #failed(
    entry: Entry,
    kind: UploadKind,
    error: unknown,
    otherwise: 'malformed' | 'failed',
    sessions: readonly string[] = [],
  ): Promise<boolean> {
    const { log } = this.#options;
    const { code, name, path } = error as NodeJS.ErrnoException;
    // The file was removed by somebody else.
    if (code === 'ENOENT' && path === entry.path) return this.#finish(entry, kind, 'failed');
    // Values that are nested too deeply to be serialized do not come from an SDK.
    const malformed = !isPassing(error) && (otherwise === 'malformed' || error instanceof RangeError);
    // Parser errors quote their input, and the conversation must not appear in the log.
    if (malformed) {
      log(`An upload of ${kind} could not be read and is set aside (${name})`);
      return this.#giveUp(entry, kind, 'malformed', name);
    }
    const why = code ?? name;
    const isFirst = this.#failures === 0 && !this.#deferred.hasFailed(entry);
    if (this.#deferred.failed(entry, error, sessions, Date.now())) {
      log(`An upload of ${kind} could not be kept and is set aside (${why})`);
      return this.#giveUp(entry, kind, 'failed', why);
    }
    // Only the first of consecutive failures and retries is logged.
    if (isFirst)
      log(`An upload of ${kind} cannot be stored now (${why}); it waits in the spool, and is tried again`);
    return false;
  }

  async #giveUp(
    entry: Entry,
    kind: UploadKind,
    result: 'malformed' | 'failed',
    why: string,
  ): Promise<boolean> {
    await this.#options.deadLetters.keep(entry, 'ingest', why);
    return this.#finish(entry, kind, result);
  }

  /** @returns whether the entry is out of the spool */
  async #finish(entry: Entry, kind: UploadKind, result: Result): Promise<boolean> {
    const { spool, telemetry, log } = this.#options;
    try {
      await spool.remove(entry);
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      if (!this.#deferred.done(entry))
        log(`An upload cannot be removed from the spool (${code ?? name}); it is tried again`);
      this.#deferred.finished(entry, { kind, result }, Date.now());
      return false;
    }
    this.#deferred.forget(entry);
    telemetry.count('talkgauge_gateway_processed_total', { kind, result });
    return true;
  }
}

/** The time of an upload in unix milliseconds, from its name. */
const receivedAt = ({ id }: Entry): number => Number(id.slice(0, 13));

/**
 * Called with each stored batch, in order and at most once: after a crash, the last one may be missing. Its errors are
 * logged.
 */
export type BatchListener = (batch: SessionBatch) => void;

export interface StoreBatchesOptions {
  store: SessionStore;
  telemetry: Telemetry;
  onBatch?: BatchListener;
  log: (message: string) => void;
}

/**
 * Stores the data of an upload, session by session.
 *
 * @returns whether any session of it is stored
 */
export async function storeBatches(
  entry: Entry,
  { batches, withoutSession, discarded }: ProcessedUpload,
  { store, telemetry, onBatch, log }: StoreBatchesOptions,
): Promise<boolean> {
  let kept = batches.length === 0;
  for (const batch of batches) {
    const applied = await store.apply(batch, entry.id);
    kept ||= applied !== 'deleted';
    if (applied === 'deleted') {
      telemetry.count(
        'talkgauge_gateway_discarded_records_total',
        { reason: 'deleted_session' },
        recordsIn(batch),
      );
    }
    if (applied !== 'applied') continue;
    try {
      onBatch?.(batch);
    } catch (error) {
      log(`The listener of a batch failed: ${(error as Error).message}`);
    }
  }
  telemetry.count('talkgauge_gateway_discarded_records_total', { reason: 'no_session' }, withoutSession);
  for (const reason of discarded) telemetry.count('talkgauge_gateway_discarded_records_total', { reason });
  return kept;
}

const recordsIn = ({ spans, logs, items, metrics, evaluations }: SessionBatch): number =>
  spans.length + logs.length + items.length + metrics.length + evaluations.length;
