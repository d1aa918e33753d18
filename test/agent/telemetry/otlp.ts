import { type MessageType, proto3, ScalarType } from '@bufbuild/protobuf';

// Decoders of OTLP requests with the field numbers of opentelemetry-proto 1.x.
const message = (kind: MessageType) => ({ kind: 'message' as const, T: kind });
const scalar = (type: ScalarType) => ({ kind: 'scalar' as const, T: type });
const oneof = 'value';
const { STRING, BYTES, BOOL, INT64, DOUBLE, FIXED64, FIXED32, INT32 } = ScalarType;

const ArrayValue: MessageType = proto3.makeMessageType('otlp.ArrayValue', () => [
  { no: 1, name: 'values', ...message(AnyValue), repeated: true },
]);
const KeyValueList: MessageType = proto3.makeMessageType('otlp.KeyValueList', () => [
  { no: 1, name: 'values', ...message(KeyValue), repeated: true },
]);
const AnyValue: MessageType = proto3.makeMessageType('otlp.AnyValue', () => [
  { no: 1, name: 'string_value', ...scalar(STRING), oneof },
  { no: 2, name: 'bool_value', ...scalar(BOOL), oneof },
  { no: 3, name: 'int_value', ...scalar(INT64), oneof },
  { no: 4, name: 'double_value', ...scalar(DOUBLE), oneof },
  { no: 5, name: 'array_value', ...message(ArrayValue), oneof },
  { no: 6, name: 'kvlist_value', ...message(KeyValueList), oneof },
]);
const KeyValue: MessageType = proto3.makeMessageType('otlp.KeyValue', () => [
  { no: 1, name: 'key', ...scalar(STRING) },
  { no: 2, name: 'value', ...message(AnyValue) },
]);
const attributes = (no: number) => ({ no, name: 'attributes', ...message(KeyValue), repeated: true });
const Resource = proto3.makeMessageType('otlp.Resource', () => [attributes(1)]);
const Scope = proto3.makeMessageType('otlp.InstrumentationScope', () => [
  { no: 1, name: 'name', ...scalar(STRING) },
]);
const Event = proto3.makeMessageType('otlp.Span.Event', () => [
  { no: 1, name: 'time_unix_nano', ...scalar(FIXED64) },
  { no: 2, name: 'name', ...scalar(STRING) },
  attributes(3),
]);
const Link = proto3.makeMessageType('otlp.Span.Link', () => [
  { no: 1, name: 'trace_id', ...scalar(BYTES) },
  attributes(4),
]);
const Status = proto3.makeMessageType('otlp.Status', () => [
  { no: 2, name: 'message', ...scalar(STRING) },
  { no: 3, name: 'code', ...scalar(INT32) },
]);
const SpanMessage = proto3.makeMessageType('otlp.Span', () => [
  { no: 1, name: 'trace_id', ...scalar(BYTES) },
  { no: 2, name: 'span_id', ...scalar(BYTES) },
  { no: 4, name: 'parent_span_id', ...scalar(BYTES) },
  { no: 5, name: 'name', ...scalar(STRING) },
  { no: 7, name: 'start_time_unix_nano', ...scalar(FIXED64) },
  { no: 8, name: 'end_time_unix_nano', ...scalar(FIXED64) },
  attributes(9),
  { no: 11, name: 'events', ...message(Event), repeated: true },
  { no: 13, name: 'links', ...message(Link), repeated: true },
  { no: 15, name: 'status', ...message(Status) },
]);
const LogRecord = proto3.makeMessageType('otlp.LogRecord', () => [
  { no: 1, name: 'time_unix_nano', ...scalar(FIXED64) },
  { no: 2, name: 'severity_number', ...scalar(INT32) },
  { no: 3, name: 'severity_text', ...scalar(STRING) },
  { no: 5, name: 'body', ...message(AnyValue) },
  attributes(6),
  { no: 8, name: 'flags', ...scalar(FIXED32) },
  { no: 9, name: 'trace_id', ...scalar(BYTES) },
  { no: 10, name: 'span_id', ...scalar(BYTES) },
  { no: 12, name: 'event_name', ...scalar(STRING) },
]);
/** A request: resources with scopes with items. */
const request = (item: MessageType) => {
  const inScope = proto3.makeMessageType(`otlp.Scope.${item.typeName}`, () => [
    { no: 1, name: 'scope', ...message(Scope) },
    { no: 2, name: 'items', ...message(item), repeated: true },
  ]);
  const ofResource = proto3.makeMessageType(`otlp.Resource.${item.typeName}`, () => [
    { no: 1, name: 'resource', ...message(Resource) },
    { no: 2, name: 'scopes', ...message(inScope), repeated: true },
  ]);
  return proto3.makeMessageType(`otlp.Request.${item.typeName}`, () => [
    { no: 1, name: 'resources', ...message(ofResource), repeated: true },
  ]);
};
const TraceRequest = request(SpanMessage);
const LogsRequest = request(LogRecord);

export type Value = string | number | boolean | undefined | Value[] | { [key: string]: Value };
export type Values = Record<string, Value>;

export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  /** Milliseconds since the epoch. */
  start: number;
  end: number;
  attributes: Values;
  events: { name: string; attributes: Values }[];
  links: { attributes: Values }[];
  status: { code: number; message: string };
  resource: Values;
  scope: string;
}

export interface Log {
  traceId: string;
  spanId: string;
  at: number;
  severity: string;
  body: Value;
  eventName: string;
  attributes: Values;
  resource: Values;
  scope: string;
}

// biome-ignore lint/suspicious/noExplicitAny: the messages created above are untyped.
type Any = any;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const milliseconds = (nanoseconds: bigint) => Number(nanoseconds / 1000n) / 1000;

function toValue({ value: { case: kind, value } = { case: undefined, value: undefined } }: Any = {}): Value {
  if (kind === 'arrayValue') return value.values.map(toValue);
  if (kind === 'kvlistValue') return toValues(value.values);
  return typeof value === 'bigint' ? Number(value) : value;
}
const toValues = (list: Any[]): Values =>
  Object.fromEntries(list.map(({ key, value }) => [key, toValue(value)]));

function* items(type: MessageType, body: Uint8Array) {
  for (const { resource, scopes } of (type.fromBinary(body) as Any).resources) {
    for (const { scope, items } of scopes) {
      for (const item of items) {
        yield { item, resource: toValues(resource?.attributes ?? []), scope: scope?.name ?? '' };
      }
    }
  }
}

export const decodeTraces = (body: Uint8Array): Span[] =>
  [...items(TraceRequest, body)].map(({ item, resource, scope }) => ({
    traceId: hex(item.traceId),
    spanId: hex(item.spanId),
    parentSpanId: hex(item.parentSpanId),
    name: item.name,
    start: milliseconds(item.startTimeUnixNano),
    end: milliseconds(item.endTimeUnixNano),
    attributes: toValues(item.attributes),
    events: item.events.map((event: Any) => ({
      name: event.name,
      attributes: toValues(event.attributes),
    })),
    links: item.links.map((link: Any) => ({ attributes: toValues(link.attributes) })),
    status: { code: item.status?.code ?? 0, message: item.status?.message ?? '' },
    resource,
    scope,
  }));

export const decodeLogs = (body: Uint8Array): Log[] =>
  [...items(LogsRequest, body)].map(({ item, resource, scope }) => ({
    traceId: hex(item.traceId),
    spanId: hex(item.spanId),
    at: milliseconds(item.timeUnixNano),
    severity: item.severityText,
    body: toValue(item.body),
    eventName: item.eventName,
    attributes: toValues(item.attributes),
    resource,
    scope,
  }));

/** The names of the ancestors of a span and of the span itself, from the root; `?` is a missing parent. */
export function pathOf(span: Span, spans: readonly Span[]): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent ? pathOf(parent, spans) : span.parentSpanId ? ['?'] : []), span.name];
}
