import { gunzipSync, gzipSync } from 'node:zlib';
import { TraceRequest } from '../../src/gateway/decode/otlp-schema.ts';
import type { Captured } from '../gateway/uploads.ts';

/** The time of the captured calls, in unix seconds. All their timestamps are within an hour of it. */
export const captured = 1_795_346_300;
const around = 3600;

/** The unit of a timestamp as a number per second: seconds, milliseconds or nanoseconds; undefined if the value is no timestamp of the calls. */
function unitOf(value: number): number | undefined {
  return [1, 1e3, 1e9].find((unit) => Math.abs(value / unit - captured) < around);
}

/** A captured upload with its timestamps shifted to now, because backends query old data differently. */
export function shiftToNow(request: Captured, now = Date.now() / 1000): Captured {
  const by = Math.round(now - captured - 120);
  if (request.kind === 'logs') {
    const moved = JSON.parse(request.body.toString(), (_, value) => {
      if (typeof value === 'string' && /^2026-11-22T/.test(value)) {
        return new Date(Date.parse(value) + by * 1000).toISOString();
      }
      if (typeof value === 'string' && /^\d{19}$/.test(value))
        return String(BigInt(value) + BigInt(by) * 10n ** 9n);
      const number = typeof value === 'string' && /^\d{10,13}$/.test(value) ? Number(value) : value;
      const unit = typeof number === 'number' ? unitOf(number) : undefined;
      if (unit === undefined) return value;
      return typeof value === 'string' ? String(number + by * unit) : number + by * unit;
    });
    return { ...request, body: Buffer.from(JSON.stringify(moved)) };
  }
  if (request.kind === 'traces') {
    const decoded = TraceRequest.fromBinary(gunzipSync(request.body));
    const nanoseconds = BigInt(by) * 10n ** 9n;
    for (const span of decoded.resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans),
    )) {
      span.startTimeUnixNano += nanoseconds;
      span.endTimeUnixNano += nanoseconds;
      for (const event of span.events) event.timeUnixNano += nanoseconds;
    }
    return { ...request, body: gzipSync(decoded.toBinary()) };
  }
  return request;
}
