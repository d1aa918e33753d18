import { type Message, type MessageType, proto3 } from '@bufbuild/protobuf';

/**
 * The messages of the OpenTelemetry protocol that the SDKs send (opentelemetry-proto 1.x), as far as Talkgauge reads or
 * rewrites them. Fields that are not listed are preserved unchanged.
 */

type Value =
  | { case: 'stringValue'; value: string }
  | { case: 'boolValue'; value: boolean }
  | { case: 'intValue'; value: bigint }
  | { case: 'doubleValue'; value: number }
  | { case: 'arrayValue'; value: ArrayValue }
  | { case: 'kvlistValue'; value: KeyValueList }
  | { case: 'bytesValue'; value: Uint8Array }
  | { case: undefined; value?: undefined };

export interface AnyValue extends Message<AnyValue> {
  value: Value;
}
interface ArrayValue extends Message<ArrayValue> {
  values: AnyValue[];
}
interface KeyValueList extends Message<KeyValueList> {
  values: KeyValue[];
}
export interface KeyValue extends Message<KeyValue> {
  key: string;
  value?: AnyValue;
}
export interface Scope extends Message<Scope> {
  name: string;
  version: string;
  attributes: KeyValue[];
}
export interface Resource extends Message<Resource> {
  attributes: KeyValue[];
}

/** The field type of the library, which it does not export. */
type Field = Readonly<Record<'no' | 'name' | 'kind' | 'T', unknown>>;

/** The numbers of protobuf's scalar types in `@bufbuild/protobuf`. */
const scalars = {
  double: 1,
  int64: 3,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
  sfixed64: 16,
  int32: 5,
} as const;

interface More {
  repeated?: true;
  oneof?: string;
  opt?: true;
}

export const scalar = (no: number, name: string, type: keyof typeof scalars, more: More = {}): Field => ({
  no,
  name,
  kind: 'scalar',
  T: scalars[type],
  ...more,
});

export const message = (no: number, name: string, T: unknown, more: More = {}): Field => ({
  no,
  name,
  kind: 'message',
  T,
  ...more,
});

export const many: More = { repeated: true };
const root = 'opentelemetry.proto';

export const makeMessageType = <T extends Message<T>>(name: string, fields: () => Field[]): MessageType<T> =>
  proto3.makeMessageType<T>(name, fields as () => never[]);

/** A message type of OpenTelemetry; its fields may refer to types that are declared later. */
export const messageType = <T extends Message<T>>(name: string, fields: () => Field[]): MessageType<T> =>
  makeMessageType(`${root}.${name}`, fields);

const value: More = { oneof: 'value' };

export const AnyValue: MessageType<AnyValue> = messageType('common.v1.AnyValue', () => [
  scalar(1, 'string_value', 'string', value),
  scalar(2, 'bool_value', 'bool', value),
  scalar(3, 'int_value', 'int64', value),
  scalar(4, 'double_value', 'double', value),
  message(5, 'array_value', ArrayValue, value),
  message(6, 'kvlist_value', KeyValueList, value),
  scalar(7, 'bytes_value', 'bytes', value),
]);
const ArrayValue: MessageType<ArrayValue> = messageType('common.v1.ArrayValue', () => [
  message(1, 'values', AnyValue, many),
]);
const KeyValueList: MessageType<KeyValueList> = messageType('common.v1.KeyValueList', () => [
  message(1, 'values', KeyValue, many),
]);
export const KeyValue: MessageType<KeyValue> = messageType('common.v1.KeyValue', () => [
  scalar(1, 'key', 'string'),
  message(2, 'value', AnyValue),
]);
export const Scope: MessageType<Scope> = messageType('common.v1.InstrumentationScope', () => [
  scalar(1, 'name', 'string'),
  scalar(2, 'version', 'string'),
  message(3, 'attributes', KeyValue, many),
]);
export const Resource: MessageType<Resource> = messageType('resource.v1.Resource', () => [
  message(1, 'attributes', KeyValue, many),
]);

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

export interface WireLog extends Message<WireLog> {
  timeUnixNano: bigint;
  observedTimeUnixNano: bigint;
  severityNumber: number;
  severityText: string;
  body?: AnyValue;
  attributes: KeyValue[];
  traceId: Uint8Array;
  spanId: Uint8Array;
}
export interface ScopeLogs extends Message<ScopeLogs> {
  scope?: Scope;
  logRecords: WireLog[];
}
export interface ResourceLogs extends Message<ResourceLogs> {
  resource?: Resource;
  scopeLogs: ScopeLogs[];
}
export interface LogRequest extends Message<LogRequest> {
  resourceLogs: ResourceLogs[];
}

export const WireLog: MessageType<WireLog> = messageType('logs.v1.LogRecord', () => [
  scalar(1, 'time_unix_nano', 'fixed64'),
  scalar(11, 'observed_time_unix_nano', 'fixed64'),
  scalar(2, 'severity_number', 'int32'),
  scalar(3, 'severity_text', 'string'),
  message(5, 'body', AnyValue),
  message(6, 'attributes', KeyValue, many),
  scalar(9, 'trace_id', 'bytes'),
  scalar(10, 'span_id', 'bytes'),
]);
export const ScopeLogs: MessageType<ScopeLogs> = messageType('logs.v1.ScopeLogs', () => [
  message(1, 'scope', Scope),
  message(2, 'log_records', WireLog, many),
]);
export const ResourceLogs: MessageType<ResourceLogs> = messageType('logs.v1.ResourceLogs', () => [
  message(1, 'resource', Resource),
  message(2, 'scope_logs', ScopeLogs, many),
]);
export const LogRequest: MessageType<LogRequest> = messageType(
  'collector.logs.v1.ExportLogsServiceRequest',
  () => [message(1, 'resource_logs', ResourceLogs, many)],
);

interface Point {
  attributes: KeyValue[];
  startTimeUnixNano: bigint;
  timeUnixNano: bigint;
}
export interface NumberPoint extends Message<NumberPoint>, Point {
  value:
    | { case: 'asDouble'; value: number }
    | { case: 'asInt'; value: bigint }
    | { case: undefined; value?: undefined };
}
export interface HistogramPoint extends Message<HistogramPoint>, Point {
  count: bigint;
  sum?: number;
  bucketCounts: bigint[];
  explicitBounds: number[];
  min?: number;
  max?: number;
}
interface Gauge extends Message<Gauge> {
  dataPoints: NumberPoint[];
}
/** 1: delta, 2: cumulative. */
interface Sum extends Message<Sum> {
  dataPoints: NumberPoint[];
  aggregationTemporality: number;
  isMonotonic: boolean;
}
interface Histogram extends Message<Histogram> {
  dataPoints: HistogramPoint[];
  aggregationTemporality: number;
}
export interface Metric extends Message<Metric> {
  name: string;
  description: string;
  unit: string;
  data:
    | { case: 'gauge'; value: Gauge }
    | { case: 'sum'; value: Sum }
    | { case: 'histogram'; value: Histogram }
    | { case: undefined; value?: undefined };
}
interface ScopeMetrics extends Message<ScopeMetrics> {
  scope?: Scope;
  metrics: Metric[];
}
interface ResourceMetrics extends Message<ResourceMetrics> {
  resource?: Resource;
  scopeMetrics: ScopeMetrics[];
}
export interface MetricRequest extends Message<MetricRequest> {
  resourceMetrics: ResourceMetrics[];
}

const data = { oneof: 'data' };

export const NumberPoint: MessageType<NumberPoint> = messageType('metrics.v1.NumberDataPoint', () => [
  message(7, 'attributes', KeyValue, many),
  scalar(2, 'start_time_unix_nano', 'fixed64'),
  scalar(3, 'time_unix_nano', 'fixed64'),
  scalar(4, 'as_double', 'double', value),
  scalar(6, 'as_int', 'sfixed64', value),
]);
export const HistogramPoint: MessageType<HistogramPoint> = messageType(
  'metrics.v1.HistogramDataPoint',
  () => [
    message(9, 'attributes', KeyValue, many),
    scalar(2, 'start_time_unix_nano', 'fixed64'),
    scalar(3, 'time_unix_nano', 'fixed64'),
    scalar(4, 'count', 'fixed64'),
    scalar(5, 'sum', 'double', { opt: true }),
    scalar(6, 'bucket_counts', 'fixed64', many),
    scalar(7, 'explicit_bounds', 'double', many),
    scalar(11, 'min', 'double', { opt: true }),
    scalar(12, 'max', 'double', { opt: true }),
  ],
);
export const Gauge: MessageType<Gauge> = messageType('metrics.v1.Gauge', () => [
  message(1, 'data_points', NumberPoint, many),
]);
export const Sum: MessageType<Sum> = messageType('metrics.v1.Sum', () => [
  message(1, 'data_points', NumberPoint, many),
  scalar(2, 'aggregation_temporality', 'int32'),
  scalar(3, 'is_monotonic', 'bool'),
]);
export const Histogram: MessageType<Histogram> = messageType('metrics.v1.Histogram', () => [
  message(1, 'data_points', HistogramPoint, many),
  scalar(2, 'aggregation_temporality', 'int32'),
]);
export const Metric: MessageType<Metric> = messageType('metrics.v1.Metric', () => [
  scalar(1, 'name', 'string'),
  scalar(2, 'description', 'string'),
  scalar(3, 'unit', 'string'),
  message(5, 'gauge', Gauge, data),
  message(7, 'sum', Sum, data),
  message(9, 'histogram', Histogram, data),
]);
export const ScopeMetrics: MessageType<ScopeMetrics> = messageType('metrics.v1.ScopeMetrics', () => [
  message(1, 'scope', Scope),
  message(2, 'metrics', Metric, many),
]);
export const ResourceMetrics: MessageType<ResourceMetrics> = messageType('metrics.v1.ResourceMetrics', () => [
  message(1, 'resource', Resource),
  message(2, 'scope_metrics', ScopeMetrics, many),
]);
export const MetricRequest: MessageType<MetricRequest> = messageType(
  'collector.metrics.v1.ExportMetricsServiceRequest',
  () => [message(1, 'resource_metrics', ResourceMetrics, many)],
);
