import { attributesOf, secondsOf } from './attribute-value.ts';
import { requireFewFields } from './decode-limits.ts';
import { type Identity, identityOf, unmarked } from './identity.ts';
import type { Resource, Scope } from './otlp-schema.ts';
import type { SpanRecord } from './records.ts';
import { type Span, TraceRequest } from './trace-schema.ts';

/** A record of a request, whose it is, and what stood around it. */
export interface Owned<T> {
  identity: Identity;
  wire: T;
  resource?: Resource;
  scope?: Scope;
}

/** @throws Error if it is no `ExportTraceServiceRequest`, or has too many parts */
export function spansOf(body: Uint8Array): Owned<Span>[] {
  requireFewFields(body, TraceRequest);
  const found: Owned<Span>[] = [];
  for (const { resource, scopeSpans } of TraceRequest.fromBinary(body).resourceSpans) {
    const shared = attributesOf(resource?.attributes);
    for (const { scope, spans } of scopeSpans) {
      for (const wire of spans) {
        const identity = identityOf(attributesOf(wire.attributes), shared);
        wire.attributes = unmarked(wire.attributes);
        found.push({ identity, wire, resource, scope });
      }
    }
  }
  return found;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const statuses = ['unset', 'ok', 'error'] as const;

export function spanRecordOf(wire: Span): SpanRecord {
  const parentId = hex(wire.parentSpanId);
  return {
    traceId: hex(wire.traceId),
    spanId: hex(wire.spanId),
    ...(parentId && { parentId }),
    name: wire.name,
    start: secondsOf(wire.startTimeUnixNano),
    end: secondsOf(wire.endTimeUnixNano),
    attributes: attributesOf(wire.attributes),
    events: wire.events.map(({ name, timeUnixNano, attributes }) => ({
      name,
      at: secondsOf(timeUnixNano),
      attributes: attributesOf(attributes),
    })),
    status: statuses[wire.status?.code ?? 0] ?? 'unset',
    ...(wire.status?.message && { statusMessage: wire.status.message }),
  };
}
