import type { IncomingMessage } from 'node:http';
import type { UploadKind } from './endpoints.ts';

const mebibyte = 1024 * 1024;

/** Bounds of what is received. Sizes are bytes. */
export interface Limits {
  /** The largest body, as it comes over the wire. */
  body: Readonly<Record<UploadKind, number>>;
  /** The largest body when it is decompressed. */
  decompressed: number;
  /** The largest parts of a recording. */
  parts: { header: number; history: number; audio: number };
  /** Uploads per minute and API key; a job makes one every five seconds, and a handful when it ends. */
  perMinute: number;
  /** Seconds after which an upload is cut off at any speed: less than the timeout of an SDK. */
  seconds: Readonly<Record<UploadKind, number>>;
  /** Bytes per second that an upload has to reach on average, after its first seconds. */
  minRate: number;
  graceSeconds: number;
  /** Seconds after which a client without a token is cut off, at any speed: it was answered at once. */
  unauthenticatedSeconds: number;
}

export const defaultLimits: Limits = {
  body: {
    traces: 16 * mebibyte,
    logs: 16 * mebibyte,
    metrics: 4 * mebibyte,
    recordings: 512 * mebibyte,
  },
  decompressed: 64 * mebibyte,
  parts: { header: 4 * mebibyte, history: 32 * mebibyte, audio: 480 * mebibyte },
  perMinute: 30_000,
  seconds: { traces: 8, logs: 8, metrics: 8, recordings: 120 },
  minRate: 16 * 1024,
  graceSeconds: 5,
  unauthenticatedSeconds: 10,
};

/** An upload was too slow, by its rate or altogether. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

export interface MinimumRate {
  /** Milliseconds for the whole of it. */
  totalMs: number;
  /** Bytes per second on average, once `graceMs` have passed. */
  minRate: number;
  graceMs: number;
}

/**
 * The body of a request, as long as it keeps the minimum rate. The connection stays open when it does not, so that the
 * request can be answered.
 *
 * @throws TooSlow, or what the request throws when its sender goes away
 */
export async function* bodyAtMinimumRate(
  request: IncomingMessage,
  { totalMs, minRate, graceMs }: MinimumRate,
): AsyncGenerator<Buffer> {
  const chunks = request.iterator({ destroyOnReturn: false });
  const start = performance.now();
  let bytes = 0;
  let watch: NodeJS.Timeout | undefined;
  const slow = new Promise<never>((_, reject) => {
    watch = setInterval(
      () => {
        const elapsed = performance.now() - start;
        if (elapsed > totalMs || (elapsed > graceMs && bytes < (minRate * elapsed) / 1000)) {
          reject(new TooSlow('the upload is too slow'));
        }
      },
      Math.min(250, totalMs, graceMs),
    );
  });
  slow.catch(() => {});
  try {
    while (true) {
      const { done, value } = await Promise.race([chunks.next(), slow]);
      if (done) return;
      bytes += value.length;
      yield value;
    }
  } finally {
    clearInterval(watch);
  }
}

/**
 * Reads and discards the rest of a body after the response: a client that is cut off while sending may not see it. It has to
 * keep the minimum rate, so that no client holds a connection for nothing.
 */
export async function drainBody(request: IncomingMessage, minimumRate: MinimumRate): Promise<void> {
  if (request.complete) return;
  try {
    for await (const _ of bodyAtMinimumRate(request, minimumRate));
  } catch {
    request.destroy();
  }
}
