import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Backend, openBackend } from '../telemetry/backend.ts';
import { pathOf as pathIn, type Span } from '../telemetry/otlp.ts';
import { canariesIn } from './canaries.ts';
import { sharedWorkers, until, type Worker, type WorkerOptions } from './worker.ts';

let folder: string;
let log: string;
let backend: Backend;

const shared = sharedWorkers();

beforeAll(async () => {
  backend = await openBackend();
});
afterAll(() => backend.close());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  log = join(folder, 'jobs.jsonl');
  backend.clear();
});
afterEach(() => rmSync(folder, { recursive: true }));

const start = (options: Partial<WorkerOptions> = {}): Promise<Worker> =>
  shared({
    agent: 'two-lines.mjs',
    mode: 'dev',
    ...options,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, LOG_LEVEL: 'debug', ...options.env },
  });

/** Runs one job until it ends. */
const run = (worker: Worker, job: object, outcome?: string, agentName?: string): Promise<void> =>
  worker.finish({ log, ...job }, outcome, agentName);

const named = (name: string) => backend.spans.filter((span) => span.name === name);
const only = (name: string): Span => {
  const [span, ...others] = named(name);
  if (!span || others.length > 0)
    throw new Error(`${name}: ${named(name).length} of ${backend.spans.length}`);
  return span;
};
const pathOf = (span: Span): string[] => pathIn(span, backend.spans);

test('an agent without a name is `unknown` in traces and logs, as in metrics', async () => {
  await run(await start(), { turns: 1 }, 'finished', '');
  const names = [...backend.spans, ...backend.logs].map(({ attributes }) => attributes['lk.agent_name']);
  expect(names.length).toBeGreaterThan(20);
  expect(new Set(names)).toEqual(new Set(['unknown']));
});

test('without monitor() a session is traced from its own span', async () => {
  const worker = await start({ agent: 'observe-only.mjs' });
  await worker.run({ log, turns: 1 });
  await until(() => expect(named('agent_session').length).toBe(1));
  expect(pathOf(only('llm_request'))).toEqual(['agent_session', 'agent_turn', 'llm_node', 'llm_request']);
  expect(named('job_entrypoint')).toEqual([]);
  await until(() => expect(backend.logs.find(({ body }) => body === 'said goodbye')).toBeDefined());
  expect(canariesIn([backend.spans, backend.logs])).toEqual([]);
});

describe('the log', () => {
  test('has trace, job and agent attributes and includes lines of shutdown callbacks', async () => {
    await run(await start(), { turns: 1, asks: ['broken'] });
    const trace = only('job_entrypoint').traceId;
    const failure = backend.logs.find(({ body }) => body === 'exception occurred while executing tool')!;
    expect(failure).toMatchObject({
      severity: 'ERROR',
      traceId: trace,
      scope: 'livekit.agents',
      attributes: { function: 'broken', 'lk.agent_name': 'front-desk', 'lk.agent_version': '1.2.3' },
    });
    expect(named('function_tool').map(({ spanId }) => spanId)).toContain(failure.spanId);
    const goodbye = backend.logs.find(({ body }) => body === 'said goodbye')!;
    expect(goodbye).toMatchObject({ severity: 'WARN', traceId: trace, attributes: { turns: 1 } });
    expect(goodbye.attributes.job_id).toBe(only('job_entrypoint').attributes.job_id);
  });
});

describe('the conversation', () => {
  test('is reported during the call without content', async () => {
    await run(await start(), { turns: 2, asks: ['fine', 'broken'] });
    const records = backend.logs.filter(({ scope }) => scope === 'talkgauge.conversation');
    const recordsOf = (event: string) => records.filter(({ eventName }) => eventName === event);
    expect(recordsOf('lk.session_start').length).toBe(1);
    expect(recordsOf('lk.conversation_item').map(({ attributes }) => attributes['lk.role'])).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
    ]);
    expect(recordsOf('lk.turn').map(({ body }) => body)).toEqual(['turn 1 completed', 'turn 2 completed']);
    expect(recordsOf('lk.tool_call').map(({ severity, body }) => [severity, body])).toEqual([
      ['INFO', 'fine answered'],
      ['WARN', 'broken failed'],
    ]);
    for (const { attributes } of recordsOf('lk.tool_call'))
      expect(attributes['lk.duration']).toBeLessThan(60);
    expect(recordsOf('lk.session_end')[0]?.attributes).toMatchObject({
      'event.name': 'lk.session_end',
      'lk.close_reason': 'user_initiated',
      'lk.turns': 2,
    });
    expect(new Set(records.map(({ traceId }) => traceId))).toEqual(new Set([only('job_entrypoint').traceId]));
  });

  test('includes content when the transcript is switched on', async () => {
    await run(await start(), { turns: 1, asks: ['fine'], options: { record: { transcript: true } } });
    const bodies = backend.logs
      .filter(({ eventName }) => eventName === 'lk.conversation_item')
      .map(({ body }) => body);
    expect(bodies).toEqual(['question 0 canary-user fine', 'Certainly, canary-agent.']);
    const tool = backend.logs.find(({ eventName }) => eventName === 'lk.tool_call')!;
    expect(tool.attributes['lk.pii.function_tool.arguments']).toBe('{"what":"canary-argument"}');
    expect(tool.attributes['lk.pii.function_tool.output']).toContain('canary-answer');
    expect(canariesIn(backend.spans)).toEqual([]);
  });
});

describe('switches', () => {
  test('without traces there are no spans and no exemplars', async () => {
    // A separate worker, because a shared one has exemplars of other tests.
    const worker = await start({ env: { TALKGAUGE_AGENT_VERSION: 'without-traces' } });
    await run(worker, { turns: 1, options: { record: { traces: false } } });
    expect(backend.spans).toEqual([]);
    expect(backend.logs.length).toBeGreaterThan(0);
    const accept = 'application/openmetrics-text; version=1.0.0';
    const text = await (
      await fetch(`http://127.0.0.1:${worker.port}/metrics`, { headers: { accept } })
    ).text();
    expect(
      text.split('\n').filter((line) => line.startsWith('lk_agents_llm') && line.includes('trace_id')),
    ).toEqual([]);
  });

  test('without logs there are neither log lines nor records', async () => {
    await run(await start({ env: { TALKGAUGE_RECORD: 'traces' } }), { turns: 1 });
    expect(named('agent_session').length).toBe(1);
    expect(backend.logs).toEqual([]);
  });
});

test('sampling keeps the session spans and the complete turn with a failed tool', async () => {
  const env = { TALKGAUGE_TURN_RATIO: '0', TALKGAUGE_SLOW_TURN_SECONDS: '600' };
  const worker = await start({ env });
  await run(worker, { turns: 3, asks: ['fine', 'broken', 'fine'] });
  expect(pathOf(only('agent_session'))).toEqual(['job_entrypoint', 'agent_session']);
  const kept = named('agent_turn');
  expect(kept.length).toBe(2);
  expect(new Set(kept.map(({ attributes }) => attributes['lk.speech_id'])).size).toBe(1);
  expect(only('function_tool').attributes['lk.function_tool.name']).toBe('broken');
  expect(backend.spans.filter((span) => pathOf(span)[0] === '?')).toEqual([]);
  await until(async () => {
    const leftOut = await worker.increase('talkgauge_spans_left_out_total');
    // Two turns with two steps each: agent_turn, llm_node, llm_request, llm_request_run; a tool; speaking.
    expect(leftOut).toBeGreaterThanOrEqual(18);
  });
});

test('with only the transcript switched on, only content records are sent', async () => {
  await run(await start({ env: { TALKGAUGE_RECORD: 'transcript' } }), { turns: 1 });
  expect(backend.spans).toEqual([]);
  expect(backend.logs.map(({ body }) => body)).toEqual([
    'question 0 canary-user ',
    'Certainly, canary-agent.',
  ]);
});

describe('the end of a job', () => {
  test('after a failed entry function sends the pending telemetry and the failure', async () => {
    const worker = await start();
    await run(worker, { ending: 'throw' }, 'crashed');
    expect(only('job_entrypoint').attributes).toMatchObject({ 'lk.agent_name': 'front-desk' });
    const line = backend.logs.find(({ body }) => body === 'error in entry function')!;
    expect(line).toMatchObject({
      severity: 'ERROR',
      traceId: only('job_entrypoint').traceId,
      attributes: { 'exception.type': 'Error', 'exception.message': 'exception details redacted' },
    });
    expect(line.attributes['code.stacktrace']).toMatch(/^\s+at .*converse/);
    await until(async () =>
      expect(await worker.increase('talkgauge_spans_exported_total')).toBe(backend.spans.length),
    );
  });

  test.each([
    ['exit', 'ERROR', 'the process exits with 7 in the middle of a job', {}],
    ['uncaught', 'FATAL', 'uncaught exception', { 'exception.type': 'RangeError' }],
  ])(
    'during a call (%s) exports the pending telemetry, including unfinished spans',
    async (ending, severity, body, attributes) => {
      const worker = await start();
      await run(worker, { turns: 1, ending }, 'crashed');
      expect(only('agent_session').attributes['talkgauge.unfinished']).toBe(true);
      expect(only('llm_request_run').attributes['talkgauge.unfinished']).toBeUndefined();
      expect(backend.spans.filter((span) => pathOf(span)[0] !== 'job_entrypoint')).toEqual([]);
      expect(backend.logs.find((line) => line.body === body)).toMatchObject({ severity, attributes });
      expect(canariesIn([backend.spans, backend.logs])).toEqual([]);
    },
  );
});
