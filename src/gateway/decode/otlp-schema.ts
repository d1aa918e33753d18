import { type Message, type MessageType, proto3 } from '@bufbuild/protobuf';

/**
 * The messages of the OpenTelemetry protocol that the SDKs send (opentelemetry-proto 1.x), as far as Talkgauge reads or
 * rewrites them. Fields that are not listed travel through unchanged.
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

/** What the library takes for a field; it does not export the type. */
type Field = Readonly<Record<'no' | 'name' | 'kind' | 'T', unknown>>;

/** Numbers of protobuf's scalar types, as `@bufbuild/protobuf` has them. */
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

/** A message type of OpenTelemetry's, whose fields may name types that are declared further down. */
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
