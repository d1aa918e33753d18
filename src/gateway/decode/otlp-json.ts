import { TooManyElements } from './decode-limits.ts';
import {
  AnyValue,
  KeyValue,
  LogRequest,
  Resource,
  ResourceLogs,
  Scope,
  ScopeLogs,
  WireLog,
} from './otlp-schema.ts';

/**
 * Reads OTLP's JSON as the Node.js SDK writes it, more leniently than protobuf's own JSON parser: ids are hexadecimal and
 * may be empty, integers may be text or too large, and unknown fields are ignored.
 */

type Json = { readonly [key: string]: unknown };

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const array = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object) : []);
const string = (value: unknown): string => (typeof value === 'string' ? value : '');

const limit = 2n ** 63n;

/** An `int64`, or a double if the value is no integer of that size, such as 1e21. */
function whole(value: unknown): AnyValue['value'] {
  try {
    const int = BigInt(value as string | number);
    if (int >= -limit && int < limit) return { case: 'intValue', value: int };
  } catch {
    // Not an integer; see below.
  }
  return { case: 'doubleValue', value: Number(value) };
}

function any(value: unknown): AnyValue {
  const held = object(value);
  const kind = Object.keys(held)[0];
  const inner = kind === undefined ? undefined : held[kind];
  if (inner === null || inner === undefined) return new AnyValue();
  switch (kind) {
    case 'stringValue':
      return new AnyValue({ value: { case: kind, value: String(inner) } });
    case 'boolValue':
      return new AnyValue({ value: { case: kind, value: Boolean(inner) } });
    case 'doubleValue':
      return new AnyValue({ value: { case: kind, value: Number(inner) } });
    case 'intValue':
      return new AnyValue({ value: whole(inner) });
    case 'bytesValue':
      return new AnyValue({ value: { case: kind, value: Buffer.from(String(inner), 'base64') } });
    case 'arrayValue':
      return new AnyValue({ value: { case: kind, value: { values: array(object(inner).values).map(any) } } });
    case 'kvlistValue':
      return new AnyValue({ value: { case: kind, value: { values: pairs(object(inner).values) } } });
    default:
      return new AnyValue();
  }
}

const pairs = (value: unknown): KeyValue[] =>
  array(value).map((pair) => new KeyValue({ key: string(pair.key), value: any(pair.value) }));

function time(value: unknown): bigint {
  if (value === undefined) return 0n;
  try {
    const nanoseconds = BigInt(value as string | number);
    return nanoseconds > 0n && nanoseconds < limit ? nanoseconds : 0n;
  } catch {
    return 0n;
  }
}

const id = (value: unknown): Uint8Array => Buffer.from(string(value), 'hex');

const log = (value: Json): WireLog =>
  new WireLog({
    timeUnixNano: time(value.timeUnixNano),
    observedTimeUnixNano: time(value.observedTimeUnixNano),
    severityNumber: Math.trunc(Number(value.severityNumber ?? 0)) || 0,
    severityText: string(value.severityText),
    body: any(value.body),
    attributes: pairs(value.attributes),
    traceId: id(value.traceId),
    spanId: id(value.spanId),
  });

/**
 * Maximum number of records and groups in a request: each takes some five hundred bytes of memory. Requests of the SDK have
 * a few hundred.
 */
const maxRecords = 150_000;

function checkRecordLimit(resourceLogs: readonly Json[]): void {
  const scopes = resourceLogs.flatMap(({ scopeLogs }) => array(scopeLogs));
  const records = scopes.reduce((sum, { logRecords }) => sum + array(logRecords).length, 0);
  if (resourceLogs.length + scopes.length + records > maxRecords)
    throw new TooManyElements('the request has too many records');
}

/** @throws Error if it is not an object with `resourceLogs`, or has too many records */
export function logRequestOfJson(json: unknown): LogRequest {
  const { resourceLogs } = object(json);
  if (!Array.isArray(resourceLogs)) throw new Error('it has no resourceLogs');
  checkRecordLimit(array(resourceLogs));
  return new LogRequest({
    resourceLogs: array(resourceLogs).map(
      ({ resource, scopeLogs }) =>
        new ResourceLogs({
          resource: new Resource({ attributes: pairs(object(resource).attributes) }),
          scopeLogs: array(scopeLogs).map(
            ({ scope, logRecords }) =>
              new ScopeLogs({
                scope: new Scope({
                  name: string(object(scope).name),
                  version: string(object(scope).version),
                  attributes: pairs(object(scope).attributes),
                }),
                logRecords: array(logRecords).map(log),
              }),
          ),
        }),
    ),
  });
}
