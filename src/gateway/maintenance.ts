import type { DeadLetters } from './spool/dead-letters.ts';
import { archive } from './store/archive.ts';
import { type Retention, retain } from './store/retention.ts';
import type { SessionStore } from './store/session-store.ts';
import type { Telemetry } from './telemetry.ts';

export interface UpkeepOptions {
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

/** Removes and moves what is due, now and from then on. */
export async function startUpkeep(options: UpkeepOptions) {
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
