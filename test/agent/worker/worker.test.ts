import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sessionReport } from '../../../src/agent/reports/schema.ts';
import { type Backend, openBackend } from '../telemetry/backend.ts';
import { pathOf } from '../telemetry/otlp.ts';
import { canariesIn } from './canaries.ts';
import { sampleOf } from './exposition.ts';
import { sharedWorkers, startWorker, until, type Worker, type WorkerOptions } from './worker.ts';

let folder: string;
let log: string;
const workers: Worker[] = [];
const shared = sharedWorkers();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  log = join(folder, 'jobs.jsonl');
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
  rmSync(folder, { recursive: true });
});

async function start(options: WorkerOptions): Promise<Worker> {
  const worker = await startWorker(options);
  workers.push(worker);
  return worker;
}

/** The report of a session of three turns. The first two call a tool: one succeeds and one fails. */
const reportOfThreeTurns = {
  schemaVersion: 1,
  jobId: expect.stringMatching(/^AJ_/),
  agentName: 'front-desk',
  agentVersion: '1.2.3',
  sdkVersion: expect.stringMatching(/^1\./),
  closeReason: 'user_initiated',
  content: { transcript: false, allowPii: false, redaction: false },
  counts: { turns: 3, interruptions: 0, toolCalls: 2, toolErrors: 1, handoffs: 0, errors: 0 },
  latency: { turns: 0 },
  cost: {
    byComponent: {},
    unpriced: [
      { component: 'llm', provider: 'fakeco', model: 'fake-1', unit: 'input_tokens', amount: 300 },
      { unit: 'cached_input_tokens', amount: 200 },
      { unit: 'output_tokens', amount: 35 },
    ],
  },
  options: { maxToolSteps: 3, turnHandling: { endpointing: { mode: 'fixed' } } },
  eventsDropped: 0,
};

interface LogEntry {
  pid: number;
  tokens?: number;
  ready?: true;
}

const logEntries = (path = log): LogEntry[] => {
  try {
    return readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
};

describe.each([
  { agent: 'two-lines.mjs', mode: 'start' },
  { agent: 'two-lines.cjs', mode: 'dev' },
  { agent: 'no-line.mjs', mode: 'dev' },
  { agent: 'no-line.cjs', mode: 'start' },
] as const)('with two concurrent jobs, $agent $mode', (options) => {
  let worker: Worker;
  let backend: Backend;
  let jobsFolder: string;
  let jobLog: string;
  let reports: string;

  beforeAll(async () => {
    jobsFolder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
    jobLog = join(jobsFolder, 'jobs.jsonl');
    reports = join(jobsFolder, 'reports');
    backend = await openBackend();
    worker = await startWorker({
      ...options,
      env: {
        // As in production, with the process for LiveKit's turn detection.
        TEST_INFERENCE_PROCESS: 'true',
        OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic Zm9v',
        TALKGAUGE_REPORTS: reports,
      },
    });
    const jobs = [
      { turns: 2, block: 250 },
      { turns: 3, asks: ['fine', 'broken'] },
    ];
    await Promise.all(jobs.map((job) => worker.run({ log: jobLog, ...job })));
    await until(async () => {
      const text = await worker.metrics();
      expect(sampleOf(text, 'lk_agents_job_exits_total', { outcome: 'finished' })).toBe(2);
      // The data of a job may be read shortly after it ended.
      expect(sampleOf(text, 'talkgauge_relay_connections')).toBe(0);
    });
  });
  afterAll(async () => {
    await worker.close();
    await backend.close();
    rmSync(jobsFolder, { recursive: true });
  });

  test('the sessions are exposed on /metrics', async () => {
    const text = await worker.metrics();
    const identity = { agent_name: 'front-desk', agent_version: '1.2.3' };
    const model = { ...identity, model_provider: 'fakeco', model_name: 'fake-1' };
    const turns = (tools: string) =>
      sampleOf(text, 'lk_agents_turns_total', { ...identity, outcome: 'completed', tools });
    const tokens = logEntries(jobLog).reduce((sum, { tokens = 0 }) => sum + tokens, 0);
    expect(tokens).toBe(700);
    expect(sampleOf(text, 'lk_agents_usage_llm_input_tokens_total', model)).toBe(tokens);
    expect(sampleOf(text, 'lk_agents_llm_requests_total', { ...model, outcome: 'ok' })).toBe(7);
    expect([turns('no'), turns('yes')]).toEqual([3, 2]);
    expect(sampleOf(text, 'lk_agents_sessions_total', { ...identity, close_reason: 'user_initiated' })).toBe(
      2,
    );
    expect(sampleOf(text, 'lk_agents_sessions_active')).toBe(0);
    expect(sampleOf(text, 'lk_agents_active_job_count', { agent_name: 'front-desk' })).toBe(0);
    expect(sampleOf(text, 'lk_agents_proc_initialize_duration_seconds_count')).toBeGreaterThanOrEqual(2);
    expect(sampleOf(text, 'talkgauge_samples_dropped_total') ?? 0).toBe(0);
    expect(sampleOf(text, 'process_cpu_seconds_total')).toBeGreaterThan(0);
    // The job that blocked its event loop, reported by the SDK's own OpenTelemetry instrument.
    expect(sampleOf(text, 'lk_agents_event_loop_blocked_duration_seconds_count')).toBeGreaterThanOrEqual(1);
    expect(text).not.toMatch(/room_id|job_id|AJ_\d/);
    await until(async () =>
      expect(sampleOf(await worker.metrics(), 'lk_agents_worker_load')).toBeGreaterThanOrEqual(0),
    );
  });

  test('the complete span tree of each is exported with standard variables only', async () => {
    const { spans } = backend;
    const traces = [...new Set(spans.map(({ traceId }) => traceId))];
    const trees = traces.map((trace) => spans.filter(({ traceId }) => traceId === trace));
    expect(trees).toHaveLength(2);
    for (const tree of trees) {
      expect(new Set(tree.map((span) => pathOf(span, tree)[0]))).toEqual(new Set(['job_entrypoint']));
      const requests = tree.filter(({ name }) => name === 'llm_request_run');
      expect(requests.length).toBeGreaterThan(0);
      for (const request of requests) {
        expect(pathOf(request, tree)).toEqual([
          'job_entrypoint',
          'agent_session',
          'agent_turn',
          'llm_node',
          'llm_request',
          'llm_request_run',
        ]);
      }
      const [job, ...others] = new Set(tree.map(({ attributes }) => attributes.job_id));
      expect([job, others]).toEqual([expect.stringMatching(/^AJ_/), []]);
      for (const { attributes, resource } of tree) {
        expect(attributes).toMatchObject({ 'lk.agent_name': 'front-desk', 'lk.agent_version': '1.2.3' });
        expect(resource['service.name']).toBe('livekit-agents');
      }
    }
    expect(backend.headers.every(({ authorization }) => authorization === 'Basic Zm9v')).toBe(true);
    expect(await worker.increase('talkgauge_spans_exported_total')).toBe(spans.length);
    expect(await worker.increase('talkgauge_spans_dropped_total')).toBe(0);
  });

  test('a report of each is written without content', async () => {
    const names = await until(() => {
      const files = readdirSync(reports);
      expect(files).toEqual([1, 2].map(() => expect.stringMatching(/\.json$/)));
      return files;
    });
    expect(names.map((name) => statSync(join(reports, name)).mode & 0o777)).toEqual([0o600, 0o600]);
    const all = names.map((name) =>
      sessionReport.strict().parse(JSON.parse(readFileSync(join(reports, name), 'utf8'))),
    );
    expect(canariesIn(all)).toEqual([]);
    const report = all.find(({ counts }) => counts.turns === 3)!;
    expect(report).toMatchObject(reportOfThreeTurns);
    expect(report.cost.usd).toBeUndefined();
    expect(report.modelUsage).toMatchObject([{ type: 'llm_usage', inputTokens: 500, outputTokens: 35 }]);
    expect(report.turns.map(({ outcome, tools }) => [outcome, tools])).toEqual([
      ['completed', true],
      ['completed', true],
      ['completed', false],
    ]);
    expect(report.chatHistory.items.map(({ type, role, name }) => role ?? name ?? type)).toEqual([
      ...['agent_handoff', 'agent_config_update'],
      ...['user', 'fine', 'fine', 'assistant'],
      ...['user', 'broken', 'broken', 'assistant'],
      ...['user', 'assistant'],
    ]);
    expect(report.events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['agent_state_changed', 'metrics_collected', 'speech_done', 'close']),
    );
  });
});

describe('a crashed job', () => {
  test.each([
    { ending: 'wait', kill: true, outcome: 'killed' },
    { ending: 'exit', kill: false, outcome: 'crashed' },
  ])('by $ending keeps its samples and leaves no active session', async ({ ending, kill, outcome }) => {
    const worker = await shared({ agent: 'two-lines.mjs', mode: 'dev' });
    await worker.run({ turns: 3, log, ending });
    await until(() => expect(logEntries().some(({ ready }) => ready)).toBe(true));
    if (kill) {
      expect(sampleOf(await worker.metrics(), 'lk_agents_sessions_active')).toBe(1);
      process.kill(logEntries()[0]!.pid, 'SIGKILL');
    }
    await until(async () => {
      expect(await worker.increase('lk_agents_job_exits_total', { outcome })).toBe(1);
      expect(sampleOf(await worker.metrics(), 'lk_agents_sessions_active')).toBe(0);
    });
    expect(await worker.increase('lk_agents_usage_llm_input_tokens_total')).toBe(300);
    expect(await worker.increase('lk_agents_sessions_total', { close_reason: 'crashed' })).toBe(1);
    expect(sampleOf(await worker.metrics(), 'lk_agents_active_job_count')).toBe(0);
  });

  test('with an entry function that throws is counted as crashed, although it exits with 0', async () => {
    const worker = await shared({ agent: 'two-lines.mjs', mode: 'dev' });
    await worker.finish({ ending: 'throw' }, 'crashed');
  });
});

describe('two workers on one host', () => {
  test('are independent, and a port in use is reported and does not stop the agent', async () => {
    const first = await start({ agent: 'two-lines.mjs', mode: 'dev' });
    const second = await start({ agent: 'no-line.mjs', mode: 'dev', port: first.port });
    expect(second.output()).toContain(`Port ${first.port} is in use; pass { port } or set TALKGAUGE_PORT`);
    const otherLog = join(folder, 'other.jsonl');
    await second.run({ turns: 1, log: otherLog });
    await until(() => expect(readFileSync(otherLog, 'utf8')).toContain('"ready":true'));
    await first.run({ turns: 2, log });
    await until(async () =>
      expect(sampleOf(await first.metrics(), 'lk_agents_job_exits_total', { outcome: 'finished' })).toBe(1),
    );
    expect(sampleOf(await first.metrics(), 'lk_agents_usage_llm_input_tokens_total')).toBe(200);
  });

  test('a port in use stops an agent with strict', async () => {
    const first = await start({ agent: 'two-lines.mjs', mode: 'dev' });
    const second = start({
      agent: 'two-lines.mjs',
      mode: 'dev',
      port: first.port,
      env: { TALKGAUGE_STRICT: 'true' },
    });
    await expect(second).rejects.toThrow(/Port \d+ is in use; pass \{ port \} or set TALKGAUGE_PORT/);
  });
});

test.each(['two-lines.mjs', 'no-line.cjs'] as const)(
  'an invalid environment variable is named in the error at the start (%s)',
  async (agent) => {
    await expect(start({ agent, env: { TALKGAUGE_PORT: 'nine' } })).rejects.toThrow(
      'TALKGAUGE_PORT="nine" cannot be used: give a whole number from 0 to 65535, or leave it out.',
    );
  },
);
