import { EventEmitter } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PriceBook } from '../../pricing/price-book.ts';
import type { Peaks } from '../audio/peaks.ts';
import { type ChatItem, mergeItems } from '../decode/chat-item.ts';
import type { Identity } from '../decode/identity.ts';
import { type LogRecord, type SessionBatch, type SpanRecord, sessionOf } from '../decode/records.ts';
import type { SessionReport } from '../decode/session-report.ts';
import { redactedItem, redactedLog, redactedReport, redactedSpan } from '../redact/redaction.ts';
import { provisionalItems } from './conversation.ts';
import { Journal } from './journal.ts';
import { type Log, type Objects, type SessionFiles, sessionIdOf } from './session-files.ts';
import { SessionIndex, searchTermsOf } from './session-index.ts';
import {
  costOf,
  figuresOf,
  type MeasurementResult,
  newState,
  reduceState,
  type SessionState,
  type Sizes,
} from './session-state.ts';
import { appendRecords } from './span-summaries.ts';
import type { SessionSummary } from './summary.ts';

/** The result of a batch; `repeated`: it was already applied; `deleted`: its session was deleted before. */
export type Applied = 'applied' | 'repeated' | 'deleted';

interface Events {
  /** A session is new, has changed, or was deleted (then without its summary). */
  sessionChanged: [id: string, summary: SessionSummary | undefined, state?: SessionState];
}

/** Maximum number of cached states. */
const maxCached = 500;

/** The sessions, one folder each. All changes are serialized. */
export class SessionStore {
  readonly events = new EventEmitter<Events>();
  readonly index: SessionIndex;
  readonly #options: SessionStoreOptions & { now: () => number };
  readonly #deleted: Journal<number>;
  readonly #cache = new Map<string, SessionState>();
  #work: Promise<unknown> = Promise.resolve();

  private constructor(
    options: SessionStoreOptions & { now: () => number },
    index: SessionIndex,
    deleted: Journal<number>,
  ) {
    this.#options = options;
    this.index = index;
    this.#deleted = deleted;
    // Every subscriber to the changes adds a listener; the API limits their number.
    this.events.setMaxListeners(0);
  }

  static async open(options: SessionStoreOptions): Promise<SessionStore> {
    const index = await SessionIndex.open(options.directory, options.objects, options.log);
    const deleted = await Journal.open<number>(join(options.directory, 'deleted.jsonl'));
    return new SessionStore({ now: () => Date.now() / 1000, ...options }, index, deleted);
  }

  /** The files of a session, wherever they are. @param id that `isSessionId` allows */
  files(id: string): SessionFiles {
    return this.index.files(id, this.index.get(id)?.archived);
  }

  /** @param id that `isSessionId` allows */
  async state(id: string): Promise<SessionState | undefined> {
    return this.#cache.get(id) ?? (await this.files(id).readState());
  }

  /** Whether a session is known to be redacted, by its id in an upload. */
  isRedacted(sent: string): boolean {
    return this.index.get(sessionIdOf(sent))?.redacted ?? false;
  }

  /** The known identity of a session, by its id in an upload. */
  identity(sent: string): Partial<Identity> {
    const known = this.index.get(sessionIdOf(sent));
    if (!known) return {};
    const { roomId, agent, version, language } = known;
    const fields = { roomId, agentName: agent, agentVersion: version, language };
    return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  }

  /**
   * Applies the data of a session in an upload.
   *
   * @param entry identifies the upload, so that it counts once
   * @throws Error of the file system; the same batch can then be applied again
   */
  apply(batch: SessionBatch, entry: string): Promise<Applied> {
    const sent = sessionOf(batch.identity);
    if (sent === undefined) throw new Error('the batch belongs to no session');
    const id = sessionIdOf(sent);
    return this.#exclusively(async () => {
      if (this.#deleted.has(id)) {
        if (batch.audio) await rm(batch.audio.path, { force: true });
        return 'deleted';
      }
      const files = this.files(id);
      const now = this.#options.now();
      const { archived, ...before } = (await this.state(id)) ?? newState(id, batch.identity, now);
      if (before.entry === entry) return 'repeated';
      await files.create();
      if (archived !== undefined) await files.fetch();
      const { state, searchTerms } = await this.#written(files, before, batch, entry, now);
      this.#remember(state);
      if (searchTerms !== undefined) await this.index.setSearchTerms(id, searchTerms);
      const summary = await this.index.set(files, state);
      if (state.identity.redacted && !before.identity.redacted) await this.index.forget();
      this.events.emit('sessionChanged', id, summary, state);
      return 'applied';
    });
  }

  /**
   * Removes sessions and all of their files, and refuses later uploads of them.
   *
   * @param ids that `isSessionId` allows
   * @returns the number of existing ones
   */
  delete(...ids: readonly string[]): Promise<number> {
    return this.#exclusively(async () => {
      let gone = 0;
      for (const id of ids) {
        const known = this.index.get(id) !== undefined;
        if (!known && (await this.files(id).readState()) === undefined) continue;
        // First, because it may fail: after the local files are removed, the bucket's would not be found again.
        await this.#options.objects?.remove(id);
        await this.#deleted.set(id, this.#options.now());
        await this.files(id).remove();
        await this.index.delete(id);
        this.#cache.delete(id);
        this.events.emit('sessionChanged', id, undefined);
        gone++;
      }
      if (gone > 0) await this.index.forget();
      return gone;
    });
  }

  /**
   * Moves the files of a session into the bucket.
   *
   * @throws Error if it fails; nothing is lost then
   */
  archive(id: string): Promise<void> {
    return this.#exclusively(async () => {
      const { objects } = this.#options;
      const files = this.index.files(id);
      const state = await this.state(id);
      if (!objects || !state || state.archived !== undefined) return;
      const archived: SessionState = { ...state, archived: await files.upload(objects, id) };
      await files.write('session', archived, true);
      await objects.put(id, 'session.json', join(files.directory, 'session.json'));
      await files.leaveState();
      this.#remember(archived);
      await this.index.set(files, archived);
    });
  }

  /**
   * Records on disk that a session was measured. If the index is not updated, the next start reads the state again.
   *
   * @param receivedAt the time of the last upload that was measured
   * @returns whether it was recorded: only once, and not if a newer upload has arrived
   * @throws Error of the file system
   */
  markMeasured(id: string, result: MeasurementResult, receivedAt: number): Promise<boolean> {
    return this.#exclusively(async () => {
      const state = await this.state(id);
      if (!state || state.measured || state.receivedAt !== receivedAt) return false;
      const measured: SessionState = { ...state, measured: { result, at: this.#options.now() } };
      await this.files(id).write('session', measured, true);
      this.#remember(measured);
      await this.index.set(this.files(id), measured).catch(() => {});
      return true;
    });
  }

  /** Stores the waveform of a recording, unless the recording was removed or replaced meanwhile. */
  keepPeaks(id: string, audioBytes: number, peaks: Peaks): Promise<void> {
    return this.#exclusively(async () => {
      if ((await this.state(id))?.audio?.bytes === audioBytes) await this.files(id).write('peaks', peaks);
    });
  }

  /** Removes the records of sessions deleted before a time (unix seconds). */
  async forgetDeleted(before: number): Promise<void> {
    for (const [id, at] of [...this.#deleted.entries()]) if (at < before) await this.#deleted.delete(id);
  }

  /** Resolves when all pending changes are complete. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #written(
    files: SessionFiles,
    before: SessionState,
    batch: SessionBatch,
    entry: string,
    now: number,
  ): Promise<{ state: SessionState; searchTerms?: string }> {
    const { prices, keepRedactedAudio } = this.#options;
    const turnsRedacted = batch.identity.redacted && !before.identity.redacted;
    const clean = turnsRedacted ? await redactStored(files, before, keepRedactedAudio) : before;
    const state = { ...reduceState(clean, batch, now), entry };
    let searchTerms = turnsRedacted ? '' : undefined;

    state.sizes = await appendRecords(files, clean.sizes, batch);
    if (batch.items.length > 0) {
      const items = mergeItems((await files.read<ChatItem[]>('transcript')) ?? [], batch.items);
      await files.write('transcript', items);
      state.final = figuresOf(items);
      state.counts = { ...state.counts, items: items.length };
      searchTerms = searchTermsOf(items);
    } else if (state.final === undefined) {
      const said = batch.spans.flatMap((span) => provisionalItems(span, state.identity.language));
      if (said.length > 0) searchTerms = searchTermsOf(said, this.index.searchTerms(state.id));
    }
    if (batch.report) await files.write('report', batch.report);
    const report =
      batch.report ??
      (state.usageReporters !== clean.usageReporters && (await files.read<SessionReport>('report')));
    if (report) state.cost = costOf(report.usage, prices, state.usageReporters);
    if (batch.evaluations.length > 0) {
      const known = await files.read<Record<string, unknown>>('evaluations');
      await files.write('evaluations', { ...known, [entry]: batch.evaluations });
    }
    if (batch.audio) {
      await files.adoptAudio(batch.audio.path);
      state.audio = { bytes: batch.audio.bytes, start: batch.audio.start };
    }
    // The uploads at the end of a session are synced to disk; those every few seconds are not.
    await files.write('session', state, Boolean(batch.report || batch.recorded));
    return { state, searchTerms };
  }

  #remember(state: SessionState): void {
    this.#cache.delete(state.id);
    this.#cache.set(state.id, state);
    const oldest = this.#cache.size > maxCached ? this.#cache.keys().next().value : undefined;
    if (oldest !== undefined) this.#cache.delete(oldest);
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }
}

export interface SessionStoreOptions {
  directory: string;
  prices: PriceBook;
  /** Whether recordings of redacted sessions are stored. */
  keepRedactedAudio: boolean;
  /** A bucket for ended sessions. @default they stay in the folder */
  objects?: Objects;
  /** Unix seconds. @default the system's clock */
  now?: () => number;
  /** @default console.warn */
  log?: (message: string) => void;
}

async function rewrite<T>(
  files: SessionFiles,
  log: Log,
  size: number,
  redacted: (record: T) => T,
): Promise<number> {
  const kept: T[] = [];
  for await (const record of files.records<T>(log, size)) kept.push(redacted(record));
  return files.append(log, 0, kept);
}

/**
 * Removes personal data from a stored session, when it becomes known that it is redacted.
 *
 * @param keepAudio whether recordings of redacted sessions are stored
 */
export async function redactStored(
  files: SessionFiles,
  state: SessionState,
  keepAudio: boolean,
): Promise<SessionState> {
  const items = await files.read<ChatItem[]>('transcript');
  if (items) await files.write('transcript', items.map(redactedItem));
  const report = await files.read<SessionReport>('report');
  if (report) await files.write('report', redactedReport(report));
  if (await files.read('evaluations')) await files.write('evaluations', {});
  // The span summaries are rebuilt from them.
  const sizes: Sizes = {
    spans: await rewrite<SpanRecord>(files, 'spans', state.sizes.spans, redactedSpan),
    logs: await rewrite<LogRecord>(files, 'logs', state.sizes.logs, redactedLog),
  };
  const redacted: SessionState = {
    ...state,
    sizes,
    identity: { ...state.identity, roomName: undefined, redacted: true },
  };
  if (redacted.audio && !keepAudio) {
    await files.removeAudio();
    redacted.audio = undefined;
    redacted.audioDropped = 'redacted';
  }
  return redacted;
}
