import type { IncomingMessage } from 'node:http';
import type { UploadKind } from './endpoints.ts';

const mebibyte = 1024 * 1024;

/** Limits of uploads. Sizes are bytes. */
export interface Limits {
  /** The maximum body size before decompression. */
  body: Readonly<Record<UploadKind, number>>;
  /** The maximum body size after decompression. */
  decompressed: number;
  /** The maximum sizes of the parts of a recording. */
  parts: { header: number; history: number; audio: number };
  /** Uploads per minute and API key; a job sends one every five seconds, and a handful when it ends. */
  perMinute: number;
  /** Maximum seconds of an upload: less than the timeout of an SDK. */
  seconds: Readonly<Record<UploadKind, number>>;
  /** Minimum average bytes per second of an upload, after its first seconds. */
  minRate: number;
  graceSeconds: number;
  /** Seconds after which a client without a token is disconnected: it was answered at once. */
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

/** An upload was too slow: below the minimum rate, or over the time limit. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

export interface MinimumRate {
  /** Milliseconds for the whole body. */
  totalMs: number;
  /** Bytes per second on average, once `graceMs` have passed. */
  minRate: number;
  graceMs: number;
}

/**
 * The body of a request, which must keep the minimum rate. If it does not, the connection stays open for the response.
 *
 * @throws TooSlow, or the request's error if the sender disconnects
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
 * Reads and discards the rest of a body after the response: a client that is disconnected while it sends may not see the
 * response. The minimum rate applies, so that no client keeps a connection open.
 */
export async function drainBody(request: IncomingMessage, minimumRate: MinimumRate): Promise<void> {
  if (request.complete) return;
  try {
    for await (const _ of bodyAtMinimumRate(request, minimumRate));
  } catch {
    request.destroy();
  }
}
