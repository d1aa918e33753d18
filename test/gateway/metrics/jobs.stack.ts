import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { sources } from '../../../src/gateway/metrics/sources.ts';
import type { Worker } from '../../agent/worker/worker.ts';
import { callOf, pair, startJavaScriptWorker } from '../javascript.ts';
import { newFolder, type Running, startTestGateway } from '../running.ts';
import { noDelays, seriesOf, waitForResult } from './series.ts';

const plan = callOf('question', 'lookup', 'interruption', 'question');

interface Job {
  worker: Worker;
  log: string;
}

async function start(
  gateway: Running,
  file: 'observed-call.mjs' | 'typed-call.mjs',
  job: object,
  env: Record<string, string> = {},
): Promise<Job> {
  const worker = await startJavaScriptWorker(file, gateway.url, env);
  const log = join(newFolder(), 'job.jsonl');
  await worker.run({ directory: newFolder(), log, ...job });
  return { worker, log };
}

const waitForLogEntry = (log: string, what: string): Promise<string> =>
  vi.waitFor(
    () => {
      const text = readFileSync(log, 'utf8');
      expect(text).toContain(what);
      return text;
    },
    { timeout: 90_000, interval: 100 },
  );

const seriesOfWorker = ({ port }: Worker) => seriesOf({ url: `http://127.0.0.1:${port}` });

const familyOf = (series: string): string => series.replace(/\{.*/, '').replace(/_(?:sum|count)$/, '');

/** Families that uploads do not contain. */
const unavailable = new Set(
  sources.flatMap(({ lacking: reason, metrics }) =>
    reason ? metrics.map((name) => familyOf(name.slice(10))) : [],
  ),
);

/** Durations that differ slightly: a job has the time at which it noticed a state, a span the time at which the state began. */
const inexactFamilies =
  /^(?:session_duration_seconds|first_response_seconds|dead_air_seconds|agent_state_seconds_total|user_state_seconds_total)(?:_sum)?(?:\{|$)/;

test('for the same call, the gateway records the same values as the worker', async () => {
  const gateway = await startTestGateway({ keys: { pair }, measurementDelays: noDelays });
  const { worker, log } = await start(
    gateway,
    'observed-call.mjs',
    { plan, withoutMarkers: true },
    // So that the SDK also sends the spans of the last seconds.
    { LOG_LEVEL: 'info', OTEL_BSP_SCHEDULE_DELAY: '10' },
  );
  await waitForLogEntry(log, '"exit"');
  await gateway.drained(20_000);
  await waitForResult(gateway, 'measured');
  const workerSeries = Object.entries(await seriesOfWorker(worker)).filter(
    ([name]) => !unavailable.has(familyOf(name)),
  );
  const measured = await seriesOf(gateway);
  const exact = (entries: [string, number][]) =>
    Object.fromEntries(entries.filter(([name]) => !inexactFamilies.test(name)));
  expect(exact(Object.entries(measured))).toEqual(exact(workerSeries));
  expect(Object.keys(measured).toSorted()).toEqual(workerSeries.map(([name]) => name).toSorted());
  expect(measured.session_turns_sum).toBeGreaterThanOrEqual(5);
  expect(measured).toMatchObject({
    'tool_calls_total{tool="list_charges",outcome="ok"}': 1,
    speech_interrupted_total: 1,
  });
});

describe('the gateway does not measure a call that a worker observes', () => {
  test('if it takes less than five seconds, so that no span and no log line is uploaded', async () => {
    const gateway = await startTestGateway({ keys: { pair }, measurementDelays: noDelays });
    const { worker, log } = await start(gateway, 'observed-call.mjs', { plan: { ...plan, scenes: [] } });
    await waitForLogEntry(log, '"exit"');
    await gateway.drained(20_000);
    await waitForResult(gateway, 'observed');
    expect(await seriesOf(gateway)).toEqual({});
    expect(await seriesOfWorker(worker)).toMatchObject({
      'sessions_total{close_reason="user_initiated"}': 1,
    });
  });

  test('if its job is killed, so that no report is uploaded', async () => {
    const gateway = await startTestGateway({ keys: { pair }, measurementDelays: { ...noDelays, lost: 3 } });
    const { log } = await start(gateway, 'observed-call.mjs', {
      plan: { ...plan, scenes: Array(9).fill('question') },
    });
    const { pid } = JSON.parse((await waitForLogEntry(log, '"pid"')).split('\n')[0] ?? '');
    await vi.waitFor(
      async () => {
        const { sessions } = await gateway.json('/api/sessions');
        expect(sessions[0]?.turns).toBeGreaterThan(0);
      },
      { timeout: 60_000, interval: 200 },
    );
    process.kill(pid, 'SIGKILL');
    await gateway.drained(20_000);
    await waitForResult(gateway, 'observed');
    expect(await seriesOf(gateway)).toEqual({});
  });
});

test('a short call without Talkgauge and with log level warn has turns and usage', async () => {
  const gateway = await startTestGateway({ keys: { pair }, measurementDelays: noDelays });
  const { log } = await start(gateway, 'typed-call.mjs', { turns: 3 });
  await waitForLogEntry(log, '"exit"');
  await gateway.drained(20_000);
  await waitForResult(gateway, 'measured');
  const model = 'model_provider="fakeco",model_name="fake-1"';
  expect(await seriesOf(gateway)).toMatchObject({
    session_turns_sum: 3,
    [`turn_llm_ttft_seconds_count{${model}}`]: 3,
    [`usage_llm_input_tokens_total{${model}}`]: 300,
    // The close reason is only logged at level info.
    'sessions_total{close_reason="other"}': 1,
  });
});
