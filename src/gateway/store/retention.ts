import type { SessionStore } from './session-store.ts';

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
  const removed = { age: 0, size: 0 };
  const oldestFirst = store.index.summaries().sort((a, b) => a.end - b.end);
  for (const { id, end, receivedAt } of oldestFirst) {
    const why =
      now - Math.max(end, receivedAt) > maxAge ? 'age' : store.index.bytes > maxBytes ? 'size' : undefined;
    if (why === undefined) continue;
    if (await store.delete(id)) removed[why]++;
  }
  await store.forgetDeleted(now - rememberDeleted);
  return removed;
}
