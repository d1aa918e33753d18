import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sampleOf } from './exposition.ts';
import { sharedWorkers, startWorker, until, type Worker, type WorkerOptions } from './worker.ts';

let folder: string;
let log: string;
const workers: Worker[] = [];
const shared = sharedWorkers();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-test-'));
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

interface Told {
  pid: number;
  tokens?: number;
  ready?: true;
}

const told = (): Told[] => {
  try {
    return readFileSync(log, 'utf8')
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
] as const)('$agent $mode', (options) => {
  test('shows on /metrics what the sessions of its forked jobs reported', async () => {
    // As it is at a user's, with the process for LiveKit's detection of turns.
    const worker = await start({ ...options, env: { TEST_INFERENCE_PROCESS: 'true' } });
    await Promise.all([1, 2, 3].map((turns) => worker.run({ turns, log, block: turns === 1 ? 250 : 0 })));
    await until(async () => {
      const text = await worker.metrics();
      expect(sampleOf(text, 'lk_agents_job_exits_total', { outcome: 'finished' })).toBe(3);
      // What a job sent may be read a moment after it has ended.
      expect(sampleOf(text, 'earshot_relay_connections')).toBe(0);
    });

    const text = await worker.metrics();
    const identity = { agent_name: 'front-desk', agent_version: '1.2.3' };
    const model = { ...identity, model_provider: 'fakeco', model_name: 'fake-1' };
    const tokens = told().reduce((sum, { tokens = 0 }) => sum + tokens, 0);
    expect(tokens).toBe(600);
    expect(sampleOf(text, 'lk_agents_usage_llm_input_tokens_total', model)).toBe(tokens);
    expect(sampleOf(text, 'lk_agents_llm_requests_total', { ...model, outcome: 'ok' })).toBe(6);
    expect(sampleOf(text, 'lk_agents_turns_total', { ...identity, outcome: 'completed', tools: 'no' })).toBe(
      6,
    );
    expect(sampleOf(text, 'lk_agents_sessions_total', { ...identity, close_reason: 'user_initiated' })).toBe(
      3,
    );
    expect(sampleOf(text, 'lk_agents_sessions_active')).toBe(0);
    expect(sampleOf(text, 'lk_agents_active_job_count', { agent_name: 'front-desk' })).toBe(0);
    expect(sampleOf(text, 'lk_agents_proc_initialize_duration_seconds_count')).toBeGreaterThanOrEqual(3);
    expect(sampleOf(text, 'earshot_relay_connections')).toBe(0);
    expect(sampleOf(text, 'earshot_samples_dropped_total') ?? 0).toBe(0);
    expect(sampleOf(text, 'process_cpu_seconds_total')).toBeGreaterThan(0);
    // The job that blocked its event loop, as the SDK's own OpenTelemetry instrument tells it.
    expect(sampleOf(text, 'lk_agents_event_loop_blocked_duration_seconds_count')).toBeGreaterThanOrEqual(1);
    expect(text).not.toMatch(/room_id|job_id|AJ_\d/);
    await until(async () =>
      expect(sampleOf(await worker.metrics(), 'lk_agents_worker_load')).toBeGreaterThanOrEqual(0),
    );
  });
});

describe('a job that dies', () => {
  test.each([
    { ending: 'wait', kill: true, outcome: 'killed' },
    { ending: 'exit', kill: false, outcome: 'crashed' },
  ])('by $ending keeps what it recorded and leaves no session behind', async ({ ending, kill, outcome }) => {
    const worker = await shared({ agent: 'two-lines.mjs', mode: 'dev' });
    await worker.run({ turns: 3, log, ending });
    await until(() => expect(told().some(({ ready }) => ready)).toBe(true));
    if (kill) {
      expect(sampleOf(await worker.metrics(), 'lk_agents_sessions_active')).toBe(1);
      process.kill(told()[0]!.pid, 'SIGKILL');
    }
    await until(async () => {
      expect(await worker.increase('lk_agents_job_exits_total', { outcome })).toBe(1);
      expect(sampleOf(await worker.metrics(), 'lk_agents_sessions_active')).toBe(0);
    });
    expect(await worker.increase('lk_agents_usage_llm_input_tokens_total')).toBe(300);
    expect(await worker.increase('lk_agents_sessions_total', { close_reason: 'crashed' })).toBe(1);
    expect(sampleOf(await worker.metrics(), 'lk_agents_active_job_count')).toBe(0);
  });

  test('because its entry function throws is a crash, though it exits with 0', async () => {
    const worker = await shared({ agent: 'two-lines.mjs', mode: 'dev' });
    await worker.finish({ ending: 'throw' }, 'crashed');
  });
});

describe('two workers on one host', () => {
  test('do not meet, and a taken port is reported and stops nobody', async () => {
    const first = await start({ agent: 'two-lines.mjs', mode: 'dev' });
    const second = await start({ agent: 'no-line.mjs', mode: 'dev', port: first.port });
    expect(second.output()).toContain(`Port ${first.port} is in use; pass { port } or set EARSHOT_PORT`);
    const otherLog = join(folder, 'other.jsonl');
    await second.run({ turns: 1, log: otherLog });
    await until(() => expect(readFileSync(otherLog, 'utf8')).toContain('"ready":true'));
    await first.run({ turns: 2, log });
    await until(async () =>
      expect(sampleOf(await first.metrics(), 'lk_agents_job_exits_total', { outcome: 'finished' })).toBe(1),
    );
    expect(sampleOf(await first.metrics(), 'lk_agents_usage_llm_input_tokens_total')).toBe(200);
  });

  test('a taken port stops an agent that asks for strictness', async () => {
    const first = await start({ agent: 'two-lines.mjs', mode: 'dev' });
    const second = start({
      agent: 'two-lines.mjs',
      mode: 'dev',
      port: first.port,
      env: { EARSHOT_STRICT: 'true' },
    });
    await expect(second).rejects.toThrow(/Port \d+ is in use; pass \{ port \} or set EARSHOT_PORT/);
  });
});

test.each(['two-lines.mjs', 'no-line.cjs'] as const)(
  'an environment variable that cannot be used is named at once (%s)',
  async (agent) => {
    await expect(start({ agent, env: { EARSHOT_PORT: 'nine' } })).rejects.toThrow(
      'EARSHOT_PORT="nine" cannot be used: give a whole number from 0 to 65535, or leave it out.',
    );
  },
);
