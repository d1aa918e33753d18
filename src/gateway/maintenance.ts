import type { DeadLetters } from './spool/dead-letters.ts';
import type { SessionStore } from './store/session-store.ts';
import type { Telemetry } from './telemetry.ts';

export interface MaintenanceOptions {
  store: SessionStore;
  retention: Retention;
  /** Whether sessions that are over are moved into a bucket. */
  archives: boolean;
  deadLetters: DeadLetters;
  telemetry: Telemetry;
  log: (message: string) => void;
}

const retentionMs = 10 * 60_000;
const archiveMs = 60_000;

/** Applies retention and archiving, now and periodically. */
export async function startMaintenance(options: MaintenanceOptions) {
  const { store, retention, archives, deadLetters, telemetry, log } = options;
  const now = () => Date.now() / 1000;
  let bucketFails = false;
  let running: Promise<void> = Promise.resolve();

  async function retainDue(): Promise<void> {
    await deadLetters.prune();
    const { age, size } = await retain(store, retention, now());
    telemetry.count('talkgauge_gateway_sessions_removed_total', { reason: 'age' }, age);
    telemetry.count('talkgauge_gateway_sessions_removed_total', { reason: 'size' }, size);
  }
  async function archiveDue(): Promise<void> {
    const { ok, failed } = await archive(store, now());
    telemetry.count('talkgauge_gateway_archived_total', { result: 'ok' }, ok);
    telemetry.count('talkgauge_gateway_archived_total', { result: 'failed' }, failed);
    if (failed > 0 && !bucketFails)
      log('Sessions cannot be moved into the bucket; they stay, and it is tried again');
    bucketFails = failed > 0;
  }

  /** One thing at a time, and a failure is no reason to end. */
  const due = (work: () => Promise<void>, what: string) => () => {
    running = running.then(work).catch((error: Error) => log(`${what}: ${error.message}`));
    return running;
  };
  const retaining = due(retainDue, 'Old sessions could not be removed');
  const archiving = due(archiveDue, 'Sessions could not be moved');
  await retaining();
  const timers = [
    setInterval(retaining, retentionMs),
    ...(archives ? [setInterval(archiving, archiveMs)] : []),
  ];
  for (const timer of timers) timer.unref();
  return {
    async close() {
      for (const timer of timers) clearInterval(timer);
      await running;
    },
  };
}

export interface Retention {
  /** Seconds after its end at which a session is removed. @default never */
  maxAge?: number;
  /** Bytes that all sessions together may take before the oldest are removed. @default any number */
  maxBytes?: number;
}

/** For how long what still comes of a deleted session is refused, in seconds: longer than any call. */
const rememberDeleted = 2 * 86_400;

/**
 * Removes what is too old, then the oldest, until the rest has room.
 *
 * @param now unix seconds
 * @returns how many were removed, and why
 */
export async function retain(
  store: SessionStore,
  { maxAge = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY }: Retention,
  now: number,
): Promise<{ age: number; size: number }> {
  const gone: { age: string[]; size: string[] } = { age: [], size: [] };
  let bytes = store.index.bytes;
  const oldestFirst = store.index.summaries().sort((a, b) => a.end - b.end);
  for (const summary of oldestFirst) {
    const old = now - Math.max(summary.end, summary.receivedAt) > maxAge;
    if (!old && bytes <= maxBytes) continue;
    bytes -= summary.bytes;
    gone[old ? 'age' : 'size'].push(summary.id);
  }
  const removed = { age: await store.delete(...gone.age), size: await store.delete(...gone.size) };
  await store.forgetDeleted(now - rememberDeleted);
  return removed;
}

/** Seconds after its last upload at which a session that is complete is moved into the bucket. */
const completeIdleSeconds = 300;
/** The same for one whose report never came. */
const incompleteIdleSeconds = 6 * 3600;

/**
 * Moves sessions that are over into the bucket.
 *
 * @param now unix seconds
 * @returns how many were moved, and how many could not be
 */
export async function archive(store: SessionStore, now: number): Promise<{ ok: number; failed: number }> {
  const moved = { ok: 0, failed: 0 };
  for (const { id, archived, complete, receivedAt } of store.index.summaries()) {
    if (archived || now - receivedAt < (complete ? completeIdleSeconds : incompleteIdleSeconds)) continue;
    const result = await store.archive(id).then(
      () => 'ok' as const,
      () => 'failed' as const,
    );
    moved[result]++;
    // The bucket is away: the others would fail like this one.
    if (result === 'failed') break;
  }
  return moved;
}
