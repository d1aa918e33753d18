import type { Message, MessageType } from '@bufbuild/protobuf';
import { AnyValue, KeyValue, many, message, messageType, Resource, Scope, scalar } from './otlp-schema.ts';

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
