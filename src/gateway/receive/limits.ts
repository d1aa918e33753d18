import type { UploadKind } from './endpoints.ts';

const mebibyte = 1024 * 1024;

/** Bounds of what is received. Sizes are bytes. */
export interface Limits {
  /** The largest body, as it comes over the wire. */
  body: Readonly<Record<UploadKind, number>>;
  /** The largest body when it is unpacked. */
  unpacked: number;
  /** The largest parts of a recording. */
  parts: { header: number; history: number; audio: number };
  /** Uploads per minute and API key; a job makes one every five seconds, and a handful when it ends. */
  perMinute: number;
  /** Seconds after which an upload is cut whatever its speed: less than what an SDK waits for. */
  seconds: Readonly<Record<UploadKind, number>>;
  /** Bytes per second that an upload has to reach on average, after its first seconds. */
  minRate: number;
  graceSeconds: number;
  /** Seconds after which who sends without a token is cut off, whatever the speed: the answer was there at once. */
  strangerSeconds: number;
}

export const defaultLimits: Limits = {
  body: {
    traces: 16 * mebibyte,
    logs: 16 * mebibyte,
    metrics: 4 * mebibyte,
    recordings: 512 * mebibyte,
  },
  unpacked: 64 * mebibyte,
  parts: { header: 4 * mebibyte, history: 32 * mebibyte, audio: 480 * mebibyte },
  perMinute: 30_000,
  seconds: { traces: 8, logs: 8, metrics: 8, recordings: 120 },
  minRate: 16 * 1024,
  graceSeconds: 5,
  strangerSeconds: 10,
};
