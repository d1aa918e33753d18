import { describe, expect, test } from 'vitest';
import { attributesOf } from '../../../src/gateway/decode/attribute-value.ts';
import {
  AnyValue,
  KeyValue,
  LogRequest,
  Resource,
  ResourceLogs,
  Scope,
  ScopeLogs,
  WireLog,
} from '../../../src/gateway/decode/otlp-schema.ts';
import { emptyBatch } from '../../../src/gateway/decode/records.ts';
import { addLog, logsOf } from '../../../src/gateway/decode/signals.ts';
import { one } from '../uploads.ts';

const json = (record: object) =>
  Buffer.from(
    JSON.stringify({
      resourceLogs: [{ resource: {}, scopeLogs: [{ scope: { name: 'x' }, logRecords: [record] }] }],
    }),
  );
const attributes = (record: object) => attributesOf(logsOf(json(record), true)[0]?.wire.attributes);
const value = (value: object) => attributes({ attributes: [{ key: 'a', value }] }).a;

describe("Node.js' JSON", () => {
  test.each([
    [{ stringValue: 'x' }, 'x'],
    [{ intValue: '42' }, 42],
    [{ intValue: 42 }, 42],
    // The SDK encodes a number as an integer if `Number.isInteger` is true.
    [{ intValue: '1e+21' }, 1e21],
    [{ intValue: '9223372036854775808' }, 9223372036854776000],
    [{ intValue: '9007199254740993' }, '9007199254740993'],
    [{ doubleValue: 0.5 }, 0.5],
    // JSON encodes NaN as null.
    [{ doubleValue: null }, null],
    [{ boolValue: false }, false],
    [{ arrayValue: { values: [{ stringValue: 'x' }, {}] } }, ['x', null]],
    [{ kvlistValue: { values: [{ key: 'k', value: { boolValue: true } }] } }, { k: true }],
    [{ futureValue: 1 }, null],
    [{}, null],
  ])('%j', (sent, read) => {
    expect(value(sent)).toEqual(read);
  });

  test('a duplicate key has its last value', () => {
    const twice = [
      { key: 'room_id', value: { stringValue: 'a' } },
      { key: 'room_id', value: { stringValue: 'b' } },
    ];
    expect(attributes({ attributes: twice })).toEqual({ room_id: 'b' });
  });

  test('the key __proto__ is an ordinary key', () => {
    const read = attributes({ attributes: [{ key: '__proto__', value: { stringValue: 'x' } }] });
    expect(Object.keys(read)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test.each(['null', '[]', '{}', '{"resourceLogs": 1}'])('%s is refused', (text) => {
    expect(() => logsOf(Buffer.from(text), true)).toThrow();
  });

  test('invalid fields of a record are left out, and the record is kept', () => {
    const [log] = logsOf(
      json({ timeUnixNano: 'soon', severityNumber: 'high', body: 7, attributes: 'none' }),
      true,
    );
    expect(log?.wire).toMatchObject({ timeUnixNano: 0n, severityNumber: 0, attributes: [] });
  });
});

test('conversation items, the report and log lines are distinguished', () => {
  const batch = emptyBatch({ redacted: false, simulated: false });
  for (const name of ['full-08-logs', 'full-10-logs'])
    for (const log of logsOf(one(name).body, true)) addLog(batch, log);
  expect([batch.items.length, batch.logs.length]).toEqual([22, 80]);
  expect(batch.report).toMatchObject({
    startedAt: 1795346298.557,
    reportedAt: 1795346326.935,
    agentName: 'support-agent',
    sdkVersion: '1.9.0',
    tags: [],
    usage: [
      {
        component: 'llm',
        provider: 'fakeco',
        model: 'fake-llm-1',
        amounts: { input_tokens: 700, input_cached_tokens: 280, output_tokens: 140 },
      },
      { component: 'tts', amounts: { characters_count: 118, audio_duration: 7.08 } },
      { component: 'stt', amounts: { audio_duration: 24.7 } },
    ],
  });
});

const any = (input: unknown): AnyValue => {
  if (typeof input === 'string') return new AnyValue({ value: { case: 'stringValue', value: input } });
  if (typeof input === 'boolean') return new AnyValue({ value: { case: 'boolValue', value: input } });
  if (typeof input === 'number') {
    return Number.isInteger(input)
      ? new AnyValue({ value: { case: 'intValue', value: BigInt(input) } })
      : new AnyValue({ value: { case: 'doubleValue', value: input } });
  }
  if (Array.isArray(input))
    return new AnyValue({ value: { case: 'arrayValue', value: { values: input.map(any) } } });
  return new AnyValue({ value: { case: 'kvlistValue', value: { values: pairs(input as object) } } });
};
const pairs = (input: object): KeyValue[] =>
  Object.entries(input).map(([key, inner]) => new KeyValue({ key, value: any(inner) }));

test("Python's protobuf, which has no session in its resource, is read into the same records", () => {
  const record = (body: string, own: object) =>
    new WireLog({
      timeUnixNano: 1_700_000_000_250_000_000n,
      body: any(body),
      attributes: pairs({ room_id: 'RM_1', job_id: 'AJ_1', 'lk.agent_name': 'support', ...own }),
    });
  const scope = (name: string, logRecords: WireLog[]) =>
    new ScopeLogs({ scope: new Scope({ name, attributes: pairs({ room: 'lobby' }) }), logRecords });
  const request = new LogRequest({
    resourceLogs: [
      new ResourceLogs({
        resource: new Resource({ attributes: pairs({ 'telemetry.sdk.language': 'python' }) }),
        scopeLogs: [
          scope('chat_history', [
            record('session report', {
              'session.report_timestamp': 1700000060.5,
              'session.tags': ['vip'],
              agent_name: 'support',
              sdk_version: '1.8.9',
              usage: [{ type: 'stt_usage', provider: 'Deepgram', model: 'nova-3', audio_duration: 24.7 }],
            }),
            record('chat item', {
              'chat.item': {
                function_call_output: {
                  id: 'i1',
                  call_id: 'c1',
                  output: 'no',
                  is_error: true,
                  created_at: '2023-11-14T22:13:21Z',
                },
              },
            }),
          ]),
          scope('evaluations', [
            record('evaluation', { evaluation: { name: 'politeness', verdict: 'fail' } }),
            record('outcome', { outcome: { outcome: 'fail', reason: 'hung up' } }),
          ]),
          scope('livekit.agents', [record('session closed', { reason: 'participant_disconnected' })]),
        ],
      }),
    ],
  });
  const logs = logsOf(request.toBinary(), false);
  expect(logs[0]?.identity).toEqual({
    roomId: 'RM_1',
    jobId: 'AJ_1',
    roomName: 'lobby',
    agentName: 'support',
    language: 'python',
    redacted: false,
    simulated: false,
  });
  const batch = emptyBatch({ redacted: false, simulated: false });
  for (const log of logs) addLog(batch, log);
  expect(batch.report).toMatchObject({
    startedAt: 1700000000.25,
    reportedAt: 1700000060.5,
    sdkVersion: '1.8.9',
    tags: ['vip'],
    usage: [{ component: 'stt', amounts: { audio_duration: 24.7 } }],
  });
  expect(batch.items).toEqual([
    { id: 'i1', type: 'function_call_output', at: 1700000001, callId: 'c1', output: 'no', isError: true },
  ]);
  expect(batch.evaluations.map(({ kind, details }) => [kind, details])).toEqual([
    ['evaluation', { name: 'politeness', verdict: 'fail' }],
    ['outcome', { outcome: 'fail', reason: 'hung up' }],
  ]);
  expect(batch.logs.map(({ message }) => message)).toEqual(['session closed']);
});
