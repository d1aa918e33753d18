import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  checkJsonLimits,
  checkProtobufLimits,
  NestedTooDeep,
  TooManyElements,
} from '../../../src/gateway/decode/decode-limits.ts';
import { LogRequest, MetricRequest, TraceRequest } from '../../../src/gateway/decode/otlp-schema.ts';
import { logsOf } from '../../../src/gateway/decode/signals.ts';
import { startTestGateway } from '../running.ts';
import { captured, one } from '../uploads.ts';

/** A protobuf field that contains other fields or a string. */
function field(number: number, held: Uint8Array | string): Buffer {
  const bytes = Buffer.from(held as string);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    length.push((rest % 128) | (rest > 127 ? 128 : 0));
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

describe('the element count of JSON', () => {
  const json = Buffer.from('{"a": [1, 2, {"b": "text, with [ and { and \\"quotes\\", \\\\"}], "c": null}');

  test('includes array elements and object members, and ignores the content of strings', () => {
    // Two objects, an array, and three commas.
    expect(() => checkJsonLimits(json, 6)).not.toThrow();
    expect(() => checkJsonLimits(json, 5)).toThrow(TooManyElements);
  });
});

describe('the field count of protobuf', () => {
  const span = field(2, Buffer.concat([field(5, 'name'), field(9, field(1, 'key'))]));
  const request = field(1, Buffer.concat([field(1, ''), field(2, Buffer.concat([span, span]))]));

  test('includes the fields of nested messages', () => {
    // Resource spans, a resource, scope spans; and two spans of a name and an attribute with a key.
    expect(() => checkProtobufLimits(request, TraceRequest, 11)).not.toThrow();
    expect(() => checkProtobufLimits(request, TraceRequest, 10)).toThrow(TooManyElements);
  });

  test('includes unknown fields and packed numbers', () => {
    expect(() => checkProtobufLimits(field(99, 'x'.repeat(100)), TraceRequest, 1)).not.toThrow();
    const histogram = (buckets: string) =>
      field(1, field(2, field(2, field(9, field(1, field(6, buckets))))));
    expect(() => checkProtobufLimits(histogram(''), MetricRequest, 6)).not.toThrow();
    expect(() => checkProtobufLimits(histogram('x'.repeat(80)), MetricRequest, 80)).toThrow(TooManyElements);
  });

  test('does not fail on malformed input', () => {
    for (const bytes of [[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], [0x0a], [0xff], [0x0f, 1]])
      expect(() => checkProtobufLimits(Buffer.from(bytes), TraceRequest, 10)).not.toThrow();
  });
});

describe('malformed protobuf that could hide fields from the count is refused', () => {
  const many = field(1, Buffer.concat(Array(50).fill(field(2, ''))));

  test.each([
    ['an unknown group', Buffer.from([0x7b, 0x7c])],
    ['a length with more bytes than necessary', Buffer.from([0x7a, 0x80, 0x80, 0x80, 0x80, 0x10])],
  ])('%s', (_, before) => {
    const body = Buffer.concat([before, many]);
    expect(TraceRequest.fromBinary(body).resourceSpans[0]?.scopeSpans).toHaveLength(50);
    expect(() => checkProtobufLimits(body, TraceRequest, 40)).toThrow(TooManyElements);
  });

  test('a length beyond the end', () => {
    const body = Buffer.concat([
      Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x07]),
      ...Array(50).fill(field(2, '')),
    ]);
    expect(() => checkProtobufLimits(body, TraceRequest, 40)).toThrow(TooManyElements);
  });

  test('a message that is sent as a number', () => {
    const body = Buffer.from(many);
    body[0] = 1 << 3;
    expect(TraceRequest.fromBinary(body).resourceSpans[0]?.scopeSpans).toHaveLength(50);
    expect(() => checkProtobufLimits(body, TraceRequest)).toThrow(/another type/);
  });
});

/** An OTLP value of lists nested `depth` times. */
function nested(depth: number): Buffer {
  let value = field(1, 'text');
  for (let n = 0; n < depth; n++) value = field(5, field(1, value));
  return value;
}

describe('nested values', () => {
  const logOf = (depth: number) =>
    field(1, field(2, field(2, field(6, Buffer.concat([field(1, 'key'), field(2, nested(depth))])))));
  const jsonOf = (depth: number) => {
    let value = '{"stringValue":"text"}';
    for (let n = 0; n < depth; n++) value = `{"kvlistValue":{"values":[{"key":"a","value":${value}}]}}`;
    const attributes = `[{"key":"key","value":${value}}]`;
    return Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":${attributes}}]}]}]}`);
  };

  test.each([
    ['protobuf', (depth: number) => logsOf(logOf(depth), false)],
    ['JSON', (depth: number) => logsOf(jsonOf(depth), true)],
  ])('are read 64 deep, and no deeper: %s', (_, read) => {
    expect(read(64)).toHaveLength(1);
    for (const depth of [65, 70, 100, 2500]) expect(() => read(depth), `${depth}`).toThrow(NestedTooDeep);
  });

  test('are measured without recursion at any depth', () => {
    let deep: Buffer = Buffer.from('');
    for (let n = 0; n < 5000; n++) deep = field(6, field(1, field(2, deep)));
    expect(() => checkProtobufLimits(field(1, field(2, field(2, field(5, deep)))), LogRequest)).toThrow(
      NestedTooDeep,
    );
    expect(() => checkJsonLimits(Buffer.from('['.repeat(1_000_000)))).toThrow(NestedTooDeep);
    // Sibling lists and brackets in strings are not nested.
    expect(() =>
      checkJsonLimits(Buffer.from(JSON.stringify(Array(500).fill(['[[['.repeat(500)])))),
    ).not.toThrow();
  });

  test('beyond the limit make an upload malformed: it goes to the dead-letter folder immediately, and delays no other upload', async () => {
    const gateway = await startTestGateway();
    const deep = {
      ...one('full-01-logs'),
      headers: { 'content-type': 'application/x-protobuf' },
      body: logOf(2500),
    };
    await gateway.take([deep, one('flush-01-logs')]);
    const processed = (result: string) =>
      gateway.metric('talkgauge_gateway_processed_total', { kind: 'logs', result });
    expect([await processed('malformed'), await processed('ok'), await processed('failed')]).toEqual([
      1, 1, 0,
    ]);
    expect(gateway.lines).toEqual(['An upload of logs could not be read and is set aside (NestedTooDeep)']);
    const deadLetters = readdirSync(join(gateway.directory, 'dead-letter')).toSorted();
    expect(deadLetters).toEqual([
      expect.stringMatching(/^ingest-\d{13}-\d{6}\.entry$/),
      expect.stringMatching(/^ingest-\d{13}-\d{6}\.json$/),
    ]);
    const deadLetter = JSON.parse(
      readFileSync(join(gateway.directory, 'dead-letter', deadLetters[1] ?? ''), 'utf8'),
    );
    expect(deadLetter).toMatchObject({ source: 'ingest', reason: 'NestedTooDeep' });
  });
});

test('uploads of the SDKs are far below the limits', () => {
  for (const { kind, headers, body } of captured) {
    const decompressed = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    if (kind === 'traces')
      expect(() => checkProtobufLimits(decompressed, TraceRequest, 20_000)).not.toThrow();
    if (kind === 'logs') expect(() => checkJsonLimits(decompressed, 20_000)).not.toThrow();
  }
});

test('small uploads that would decode to gigabytes are dropped and counted', async () => {
  const gateway = await startTestGateway();
  const traces = one('full-02-traces');
  const spans = gzipSync(field(1, field(2, Buffer.alloc(8_000_000, Buffer.from([0x12, 0x00])))));
  const headers = { ...traces.headers, 'content-encoding': 'gzip' };
  const logs = Buffer.from(`{"resourceLogs": ${'['.repeat(3_000_000)}`);
  const records = Array(160_000).fill({});
  const many = Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] }));
  const json = { ...one('full-01-logs'), headers: { 'content-type': 'application/json' } };
  await gateway.take([
    { ...traces, headers, body: spans },
    { ...json, body: logs },
    { ...json, body: many },
  ]);
  const malformed = (kind: string) =>
    gateway.metric('talkgauge_gateway_processed_total', { kind, result: 'malformed' });
  expect([await malformed('traces'), await malformed('logs')]).toEqual([1, 2]);
  expect(gateway.lines).toEqual([
    'An upload of traces could not be read and is set aside (TooManyElements)',
    'An upload of logs could not be read and is set aside (NestedTooDeep)',
    'An upload of logs could not be read and is set aside (TooManyElements)',
  ]);
});
