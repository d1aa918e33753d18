import type { SessionBatch } from '../decode/records.ts';
import type { Entry } from '../spool/entry.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { Telemetry } from '../telemetry.ts';
import type { TakenUp } from './process-upload.ts';

/**
 * Told of each batch that went into the store, in order and at most once: after a crash, the last one may not be told.
 * What it throws is logged.
 */
export type BatchListener = (batch: SessionBatch) => void;

export interface StoreBatchesOptions {
  store: SessionStore;
  telemetry: Telemetry;
  onBatch?: BatchListener;
  log: (message: string) => void;
}

/**
 * Puts what an upload says into the store, session by session.
 *
 * @returns whether any of it is of a session that is kept
 */
export async function storeBatches(
  entry: Entry,
  { batches, ownerless, discarded }: TakenUp,
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
      log(`What was taken up could not be measured: ${(error as Error).message}`);
    }
  }
  telemetry.count('talkgauge_gateway_discarded_records_total', { reason: 'no_session' }, ownerless);
  for (const reason of discarded) telemetry.count('talkgauge_gateway_discarded_records_total', { reason });
  return kept;
}

const recordsIn = ({ spans, logs, items, metrics, evaluations }: SessionBatch): number =>
  spans.length + logs.length + items.length + metrics.length + evaluations.length;
