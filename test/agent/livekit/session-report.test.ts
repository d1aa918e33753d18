import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { llm } from '@livekit/agents';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DuplicateDetection } from '../../../src/agent/livekit/duplicate-events.ts';
import { type JobRecording, RecordingsByJob } from '../../../src/agent/livekit/job-recordings.ts';
import type { RecordSwitches } from '../../../src/agent/livekit/observe-options.ts';
import { processState } from '../../../src/agent/livekit/process-state.ts';
import { SessionReporter } from '../../../src/agent/livekit/reported-session.ts';
import { SessionListener } from '../../../src/agent/livekit/session-listener.ts';
import { type SessionReport, sessionReport } from '../../../src/agent/reports/schema.ts';
import type { RedactText } from '../../../src/agent/telemetry/redaction.ts';
import type { TelemetryOptions } from '../../../src/agent/telemetry/settings.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import type { BucketOptions } from '../../../src/objects/bucket.ts';
import type { SessionEventName } from '../../../src/session/events.ts';
import { listenBucket } from '../../gateway/store/bucket.ts';
import { llmMetrics } from './sdk-metrics.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  processState().defaults = undefined;
  processState().recordings = new RecordingsByJob();
  rmSync(folder, { recursive: true });
});

const at = 1_700_000_000_000;
const all = { audio: true, transcript: true, traces: true, logs: true };

interface Given {
  record?: Required<RecordSwitches>;
  redact?: RedactText;
  telemetry?: TelemetryOptions;
  bucket?: BucketOptions;
  deadlineMs?: number;
  session?: object;
  recordings?: JobRecording[];
  events: [SessionEventName, object][];
}

/** The report of a session with these events, read from its file, and the counted samples. */
async function reportOf({
  record = all,
  session = {},
  recordings = [],
  events,
  bucket,
  deadlineMs = 30_000,
  ...given
}: Given) {
  const counted: Observation[] = [];
  const sink = (sample: Observation) => void counted.push(sample);
  for (const one of recordings) processState().recordings.of('AJ_1').note(one);
  const identity = { agent_name: 'front-desk', agent_version: '7' };
  const job = { job: { id: 'AJ_1', room: { sid: 'RM_1', name: 'room of Ada' } } } as never;
  const reported = new SessionReporter({
    ...{ job, identity, record, sink, ...given },
    // As in the SDK's sessions; without it, all content is removed.
    session: { _redactionEnabled: false, ...session },
    settings: { folder, deadlineMs, bucket, maxAge: undefined, maxBytes: undefined },
  });
  const feed = new SessionListener({
    sink,
    duplicates: new DuplicateDetection(true),
    report: reported.builder,
  });
  for (const [name, event] of events) feed.event(name, { type: name, createdAt: at, ...event } as never);
  const written = await reported.end();
  const file = basename(written?.location ?? '');
  const text = readFileSync(join(folder, file), 'utf8');
  const report: SessionReport = sessionReport.strict().parse(JSON.parse(text));
  return { report, file, counted, outcome: written?.outcome };
}

const message = (role: 'user' | 'assistant', text: string, metrics: llm.MetricsReport = {}) =>
  ['conversation_item_added', { item: llm.ChatMessage.create({ role, content: text, metrics }) }] as [
    SessionEventName,
    object,
  ];
const state = (newState: string, createdAt: number) =>
  ['agent_state_changed', { oldState: 'idle', newState, createdAt }] as [SessionEventName, object];

/** A call of ten turns with latencies from 0.1 s to 1 s that ends after a minute. */
const call: [SessionEventName, object][] = [
  state('listening', at),
  ...(Array.from({ length: 10 }, (_, turn) => [
    message('user', 'How much is it?'),
    message('assistant', 'Five.', { e2eLatency: (turn + 1) / 10, startedSpeakingAt: at / 1000 + turn }),
    state('listening', at + turn),
  ]).flat() as [SessionEventName, object][]),
  ['close', { reason: 'user_initiated', error: null, createdAt: at + 60_000 }],
];

test('summarises the turns and their latency by nearest rank', async () => {
  const { report, file, counted } = await reportOf({ events: call });
  expect(report).toMatchObject({
    jobId: 'AJ_1',
    roomId: 'RM_1',
    agentName: 'front-desk',
    agentVersion: '7',
    startedAt: at,
    durationSeconds: 60,
    closeReason: 'user_initiated',
    counts: { turns: 10 },
    latency: { turns: 10, p50: 0.5, p95: 1, max: 1 },
    cost: { usd: 0, byComponent: {}, unpriced: [] },
  });
  expect(report.turns[2]).toMatchObject({ number: 3, outcome: 'completed', tools: false, e2eLatency: 0.3 });
  expect(report.chatHistory.items.length).toBe(20);
  expect(file).toMatch(/^talkgauge-report-\d{8}T\d{6}Z-AJ_1-[0-9a-f]{8}\.json$/);
  expect(file).toContain(report.session);
  const outcomes = counted.filter(({ metric }) => metric === 'talkgauge_session_reports_total');
  expect(outcomes.map(({ labels }) => labels.outcome)).toEqual(['written']);
});

test('contains the cost of usage and the unpriced usage', async () => {
  const priced = llmMetrics({
    metadata: { modelProvider: 'openai', modelName: 'gpt-4.1' },
    ...{ promptTokens: 1_000_000, promptCachedTokens: 0, completionTokens: 500_000 },
  });
  const unknown = llmMetrics({
    requestId: 'another',
    metadata: { modelProvider: 'acme', modelName: 'acme-1' },
    ...{ promptTokens: 0, promptCachedTokens: 0, completionTokens: 12 },
  });
  const { report } = await reportOf({
    events: [state('listening', at), ...[priced, unknown].map(metricsEvent), ['close', { reason: 'error' }]],
  });
  // 2 dollars per million input tokens, 8 per million output tokens.
  expect(report.cost).toEqual({
    usd: 6,
    byComponent: { llm: 6 },
    unpriced: [{ component: 'llm', provider: 'acme', model: 'acme-1', unit: 'output_tokens', amount: 12 }],
  });
});
const metricsEvent = (metrics: object): [SessionEventName, object] => ['metrics_collected', { metrics }];

test('contains the error type of a failed session without its message', async () => {
  const error = { type: 'llm_error', label: 'acme.LLM', recoverable: false, timestamp: at };
  const events: [SessionEventName, object][] = [
    state('listening', at),
    ['error', { error: { ...error, error: new Error('secret-a') }, source: {} }],
    ['close', { reason: 'error', error: { ...error, error: new Error('secret-b') } }],
  ];
  const { report } = await reportOf({ events });
  expect(report).toMatchObject({ closeReason: 'error', counts: { errors: 1 } });
  expect(report.error).toEqual({ type: 'llm_error', label: 'acme.LLM', recoverable: false });
  expect(JSON.stringify(report)).not.toContain('secret');
});

test('a user-defined close reason is reported as `other`', async () => {
  const { report } = await reportOf({ events: [['close', { reason: 'Ada hung up', error: null }]] });
  expect(report.closeReason).toBe('other');
  expect(JSON.stringify(report)).not.toContain('Ada');
});

test('contains the history and options of the session without values that are not data', async () => {
  const history = llm.ChatContext.empty();
  history.addMessage({ role: 'user', content: 'Hello.' });
  const session = {
    history,
    sessionOptions: { maxToolSteps: 3, keyterms: ['Ada'], turnHandling: { a: () => 1 } },
  };
  const { report } = await reportOf({ session, events: call });
  expect(report.chatHistory.items).toMatchObject([{ type: 'message', role: 'user', content: ['Hello.'] }]);
  expect(report.options).toEqual({ maxToolSteps: 3, turnHandling: {} });
});

/** An event of each type with text fields, with `secret` in every text field. */
const eventsWith = (secret: string): [SessionEventName, object][] => [
  state('listening', at),
  message('user', secret),
  ['user_input_transcribed', { transcript: secret, isFinal: true, itemId: secret, language: secret }],
  [
    'function_tools_executed',
    {
      functionCalls: [
        llm.FunctionCall.create({ callId: '1', name: 'find', args: secret, extra: { a: secret } }),
      ],
      functionCallOutputs: [
        llm.FunctionCallOutput.create({ callId: '1', name: 'find', output: secret, isError: true }),
      ],
    },
  ],
  ['overlapping_speech', { isInterruption: true, transcript: secret }],
  ['debug_message', { payload: { text: secret } }],
  [
    'error',
    { error: { type: 'tts_error', label: 'a', recoverable: true, error: new Error(secret) }, source: {} },
  ],
  ['close', { reason: secret, error: { type: 'tts_error', label: 'a', error: new Error(secret) } }],
];

test('a report contains no text without the transcript switch', async () => {
  const secret = fc.string({ minLength: 12, maxLength: 40, unit: 'grapheme-ascii' });
  await fc.assert(
    fc.asyncProperty(secret, async (text) => {
      const events = eventsWith(`canary-${text}`);
      const { report } = await reportOf({ events, record: { ...all, transcript: false } });
      expect(JSON.stringify(report)).not.toContain('canary');
    }),
    { numRuns: 20 },
  );
});

test('a hook receives every remaining text, and texts for which it throws are removed', async () => {
  const keys = new Set<string>();
  const redact: RedactText = (text, { key, signal }) => {
    if (signal !== 'report') throw new Error('not a report');
    keys.add(key);
    if (key === 'output') throw new Error('cannot judge');
    return text.replaceAll('canary', '…');
  };
  const { report } = await reportOf({ events: eventsWith('canary of Ada'), redact });
  expect(JSON.stringify(report)).not.toContain('canary');
  expect(JSON.stringify(report)).toContain('… of Ada');
  expect([...keys]).toEqual(expect.arrayContaining(['content', 'transcript', 'args', 'output']));
  expect(keys).not.toContain('message');
  expect(report.chatHistory.items.find(({ type }) => type === 'function_call_output')).not.toHaveProperty(
    'output',
  );
});

test("a hook receives names and ids, too, except the SDK's own constants", async () => {
  const call = llm.FunctionCall.create({
    ...{ callId: 'call of Ada', name: 'Ada', args: '{}' },
    extra: { name: 'Ada', type: 'Ada', list: [{ role: 'Ada' }] },
  });
  const events: Given['events'] = [
    ['function_tools_executed', { functionCalls: [call], functionCallOutputs: [] }],
    ['error', { error: { type: 'tts_error', label: 'Ada.TTS' }, source: { label: 'Ada' } }],
  ];
  const session = { sessionOptions: { turnHandling: { mode: 'of Ada' } } };
  const redact: RedactText = (text, { key }) =>
    key === 'type' && text !== 'Ada' ? undefined : text.replaceAll('Ada', '…');
  const { report } = await reportOf({ events, session, redact });
  expect(JSON.stringify(report)).not.toContain('Ada');
  expect(report.chatHistory.items).toMatchObject([
    {
      type: 'function_call',
      callId: 'call of …',
      name: '…',
      extra: { name: '…', type: '…', list: [{ role: '…' }] },
    },
  ]);
  const quiet = await reportOf({ events, session, redact, record: { ...all, transcript: false } });
  expect(JSON.stringify(quiet.report)).not.toContain('Ada');
  expect(quiet.report.chatHistory.items).toMatchObject([{ type: 'function_call', callId: 'call of …' }]);
});

describe('the entry of an egress recording', () => {
  const recording = (location: string): JobRecording => ({
    ...{ kind: 'egress', id: location, status: 'failed', location },
    error: { code: 'bad_output', message: 'Egress said: no bucket of Ada' },
  });
  const recordings = ['calls/AJ_1.ogg', 'https://calls/room%20of%20Ada-1.ogg'].map(recording);
  const redact: RedactText = (text) => text.replaceAll('calls', '…');

  test.each([
    [{ ...all, transcript: false }, true],
    [all, false],
  ])(
    'contains neither the room name nor the error message, with %j and allowPii %j',
    async (record, allowPii) => {
      const { report } = await reportOf({
        events: call,
        recordings,
        redact,
        record,
        telemetry: { allowPii },
      });
      const error = { code: 'bad_output' };
      expect(report.recordings).toEqual([
        { kind: 'egress', id: expect.any(String), status: 'failed', location: '…/AJ_1.ogg', error },
        { kind: 'egress', id: expect.any(String), status: 'failed', error },
      ]);
    },
  );

  test('has the texts that the hooks keep, with allowPii', async () => {
    const { report } = await reportOf({
      events: call,
      recordings,
      telemetry: { allowPii: true, redact: (text) => text.replaceAll('Ada', '…') },
    });
    expect(report.recordings).toMatchObject([
      { location: 'calls/AJ_1.ogg', error: { code: 'bad_output', message: 'Egress said: no bucket of …' } },
      { location: 'https://calls/room%20of%20…-1.ogg' },
    ]);
    expect(report.room).toBe('room of …');
  });
});

test("is edited by the hooks of monitor(), of the session's telemetry and of the session, in this order", async () => {
  const adds = (word: string): RedactText => {
    return (text, { key }) => (key === 'transcript' ? `${text} ${word}` : text);
  };
  processState().defaults = { telemetry: { redact: adds('one') } };
  const { report } = await reportOf({
    events: eventsWith('zero'),
    telemetry: { redact: adds('two'), allowPii: true },
    redact: adds('three'),
  });
  expect(report.events.find(({ type }) => type === 'user_input_transcribed')).toMatchObject({
    transcript: 'zero one two three',
  });
  expect(report.content.allowPii).toBe(true);
});

test('the allowPii of monitor() takes precedence over that of the session', async () => {
  processState().defaults = { telemetry: { allowPii: false } };
  const { report } = await reportOf({ events: eventsWith('zero'), telemetry: { allowPii: true } });
  expect(report.content.allowPii).toBe(false);
});

describe('a bucket without a worker', () => {
  test('that refuses is reported on the console with the location of the queued report', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { options } = await listenBucket();
    const { file, outcome } = await reportOf({ events: call, bucket: { ...options, accessKeyId: 'wrong' } });
    expect(outcome).toBe('written');
    expect(warn.mock.calls).toEqual([
      [
        `talkgauge: the session report ${file.replace('.json', '')} waits in ${folder} for a worker with monitor() to send it: s3://calls/talkgauge/${file} was not stored: the bucket answered 403 SignatureDoesNotMatch; see docs/reports.md`,
      ],
    ]);
  });

  test('that does not respond in time is reported, too', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const hanging = createServer(() => {}).listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const { port } = hanging.address() as AddressInfo;
    const { options } = await listenBucket();
    const bucket = { ...options, endpoint: `http://127.0.0.1:${port}` };
    try {
      expect(await reportOf({ events: call, bucket, deadlineMs: 3000 })).toMatchObject({
        outcome: 'written',
      });
      expect(warn.mock.calls.flat()).toEqual([
        expect.stringContaining('was not stored: it was not there in time'),
      ]);
    } finally {
      hanging.closeAllConnections();
      hanging.close();
    }
  });
});

test('events beyond the limit are counted, and the summary stays complete', async () => {
  const events = Array.from({ length: 20_005 }, (): [SessionEventName, object] => state('idle', at));
  const { report } = await reportOf({ events });
  expect(report.events.length).toBe(20_000);
  expect(report.eventsDropped).toBe(5);
});
