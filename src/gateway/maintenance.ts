import type { DeadLetters } from './spool/dead-letters.ts';
import type { SessionStore } from './store/session-store.ts';
import type { Telemetry } from './telemetry.ts';

export interface MaintenanceOptions {
  store: SessionStore;
  retention: Retention;
  /** Whether ended sessions are moved into a bucket. */
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

  /** One task at a time; a failure does not stop the others. */
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
  /** Maximum bytes of all sessions; above it, the oldest are removed. @default unlimited */
  maxBytes?: number;
}

/** Seconds for which uploads of a deleted session are refused: longer than any call. */
const rememberDeleted = 2 * 86_400;

/**
 * Removes expired sessions, then the oldest until the size limit is met.
 *
 * @param now unix seconds
 * @returns the number of removed sessions by reason
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

/** Seconds after its last upload at which a complete session is moved into the bucket. */
const completeIdleSeconds = 300;
/** The same for a session without a report. */
const incompleteIdleSeconds = 6 * 3600;

/**
 * Moves ended sessions into the bucket.
 *
 * @param now unix seconds
 * @returns the number of moved sessions and of failures
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
    // The bucket is unavailable: the others would fail, too.
    if (result === 'failed') break;
  }
  return moved;
}
