import { type Attributes, SpanStatusCode } from '@opentelemetry/api';
import type { tracing } from '@opentelemetry/sdk-node';

export interface FakeSpan {
  name: string;
  id: string;
  parent?: string;
  trace?: string;
  attributes?: Attributes;
  failed?: boolean;
  events?: { name: string; attributes?: Attributes }[];
  /** Message of its status. */
  message?: string;
}

/** A fake span with the fields that Talkgauge reads. */
export function span({
  name,
  id,
  parent,
  trace = 'a'.repeat(32),
  attributes = {},
  failed = false,
  events = [],
  message,
}: FakeSpan): tracing.ReadableSpan {
  const context = (spanId: string) => ({ traceId: trace, spanId, traceFlags: 1 });
  return {
    name,
    kind: 0,
    spanContext: () => context(id),
    parentSpanContext: parent === undefined ? undefined : context(parent),
    attributes,
    status: { code: failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET, message },
    events: events.map((event) => ({ time: [0, 0], ...event })),
    links: [],
    startTime: [0, 0],
    endTime: [1, 0],
    duration: [1, 0],
    ended: true,
    resource: {} as never,
    instrumentationScope: { name: 'livekit-agents' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
