import { gunzipSync, gzipSync } from 'node:zlib';
import { TraceRequest } from '../../src/gateway/decode/otlp-schema.ts';
import type { Captured } from '../gateway/uploads.ts';

/** When the captured calls took place, in unix seconds, and for how long before and after that all their times lie. */
export const captured = 1_795_346_300;
const around = 3600;

/** The unix seconds that a value means, be it seconds, milliseconds or nanoseconds; undefined if it is no time of the calls. */
function unitOf(value: number): number | undefined {
  return [1, 1e3, 1e9].find((unit) => Math.abs(value / unit - captured) < around);
}

/** A captured upload as if it had been made now: backends look for what is old in other places. */
export function later(request: Captured, now = Date.now() / 1000): Captured {
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
