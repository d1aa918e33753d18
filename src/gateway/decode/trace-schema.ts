import type { Message, MessageType } from '@bufbuild/protobuf';
import { KeyValue, many, message, messageType, Resource, Scope, scalar } from './otlp-schema.ts';

interface SpanEvent extends Message<SpanEvent> {
  timeUnixNano: bigint;
  name: string;
  attributes: KeyValue[];
}
interface SpanLink extends Message<SpanLink> {
  traceId: Uint8Array;
  spanId: Uint8Array;
  attributes: KeyValue[];
}
interface SpanStatus extends Message<SpanStatus> {
  message: string;
  /** 0 unset, 1 ok, 2 error. */
  code: number;
}
export interface Span extends Message<Span> {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId: Uint8Array;
  name: string;
  kind: number;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  attributes: KeyValue[];
  events: SpanEvent[];
  links: SpanLink[];
  status?: SpanStatus;
}
export interface ScopeSpans extends Message<ScopeSpans> {
  scope?: Scope;
  spans: Span[];
}
export interface ResourceSpans extends Message<ResourceSpans> {
  resource?: Resource;
  scopeSpans: ScopeSpans[];
}
export interface TraceRequest extends Message<TraceRequest> {
  resourceSpans: ResourceSpans[];
}

const SpanEvent: MessageType<SpanEvent> = messageType('trace.v1.Span.Event', () => [
  scalar(1, 'time_unix_nano', 'fixed64'),
  scalar(2, 'name', 'string'),
  message(3, 'attributes', KeyValue, many),
]);
const SpanLink: MessageType<SpanLink> = messageType('trace.v1.Span.Link', () => [
  scalar(1, 'trace_id', 'bytes'),
  scalar(2, 'span_id', 'bytes'),
  message(4, 'attributes', KeyValue, many),
]);
const SpanStatus: MessageType<SpanStatus> = messageType('trace.v1.Status', () => [
  scalar(2, 'message', 'string'),
  scalar(3, 'code', 'int32'),
]);
const Span: MessageType<Span> = messageType('trace.v1.Span', () => [
  scalar(1, 'trace_id', 'bytes'),
  scalar(2, 'span_id', 'bytes'),
  scalar(4, 'parent_span_id', 'bytes'),
  scalar(5, 'name', 'string'),
  scalar(6, 'kind', 'int32'),
  scalar(7, 'start_time_unix_nano', 'fixed64'),
  scalar(8, 'end_time_unix_nano', 'fixed64'),
  message(9, 'attributes', KeyValue, many),
  message(11, 'events', SpanEvent, many),
  message(13, 'links', SpanLink, many),
  message(15, 'status', SpanStatus),
]);
export const ScopeSpans: MessageType<ScopeSpans> = messageType('trace.v1.ScopeSpans', () => [
  message(1, 'scope', Scope),
  message(2, 'spans', Span, many),
]);
export const ResourceSpans: MessageType<ResourceSpans> = messageType('trace.v1.ResourceSpans', () => [
  message(1, 'resource', Resource),
  message(2, 'scope_spans', ScopeSpans, many),
]);
export const TraceRequest: MessageType<TraceRequest> = messageType(
  'collector.trace.v1.ExportTraceServiceRequest',
  () => [message(1, 'resource_spans', ResourceSpans, many)],
);
