import type { SessionStore } from './session-store.ts';

/** Seconds after its last upload at which a session that is complete is moved into the bucket. */
const quiet = 300;
/** The same for one whose report never came. */
const patience = 6 * 3600;

/**
 * Moves sessions that are over into the bucket.
 *
 * @param now unix seconds
 * @returns how many were moved, and how many could not be
 */
export async function archive(store: SessionStore, now: number): Promise<{ ok: number; failed: number }> {
  const moved = { ok: 0, failed: 0 };
  for (const { id, archived, complete, receivedAt } of store.index.summaries()) {
    if (archived || now - receivedAt < (complete ? quiet : patience)) continue;
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
