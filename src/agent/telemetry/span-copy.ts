import { type Attributes, SpanStatusCode } from '@opentelemetry/api';
import type { tracing } from '@opentelemetry/sdk-node';
import { isContentEvent, redactedMessage } from '../../catalogue/content.ts';
import { isExportedMarker } from '../../catalogue/marker.ts';
import type { Redaction } from './redaction.ts';

/** LiveKit stamps the spans of a session whose project or `record` option demands redaction. */
const redactionDemanded = 'lk.redaction.enabled';

/**
 * What of an ended span is sent: a copy, because other exporters see the span too, and because the span itself
 * holds on to everything that was said.
 */
export function copySpan(span: tracing.ReadableSpan, redaction: Redaction): tracing.ReadableSpan {
  const allowPii = redaction.allowPii && span.attributes[redactionDemanded] !== true;
  const attributes = (given: Attributes | undefined) => redaction.attributes(given, 'trace', allowPii);
  const context = span.spanContext();
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => context,
    parentSpanContext: span.parentSpanContext,
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: true,
    status: statusOf(span, redaction, allowPii),
    attributes: attributes(unmarked(span.attributes)),
    events: span.events
      .filter(({ name }) => allowPii || !isContentEvent(name))
      .map((event) => ({ ...event, attributes: attributes(event.attributes) })),
    links: span.links.map((link) => ({ ...link, attributes: attributes(link.attributes) })),
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

/** What is for the gateway is not for a backend. */
const unmarked = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([key]) => !isExportedMarker(key)));

function statusOf({ status }: tracing.ReadableSpan, redaction: Redaction, allowPii: boolean) {
  if (!status.message) return status;
  if (!allowPii && status.code === SpanStatusCode.ERROR)
    return { code: status.code, message: redactedMessage };
  return { code: status.code, message: redaction.text(status.message, 'status.message', 'trace') };
}
