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
