import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { observation } from '../../src/catalogue/observation.ts';
import { createRecorder } from '../../src/metrics/recorder.ts';
import { readFigures } from '../../src/simulate/figures.ts';

const frontDesk = { agent_name: 'front-desk', agent_version: '2.4.0' };
const support = { agent_name: 'support', agent_version: '1.9.2' };
const model = { model_provider: 'openai', model_name: 'gpt-4o-mini' };

function start() {
  const recorder = createRecorder({ registry: new Registry() });
  const turn = (seconds: number, identity = frontDesk) =>
    recorder.record(observation('lk_agents_turn_e2e_latency_seconds', model, seconds), identity);
  return { recorder, turn, figures: readFigures(recorder.registry) };
}

describe('the statistics of the terminal', () => {
  test('equal those of /metrics: histogram_quantile of the same buckets', async () => {
    const { turn, figures } = start();
    // Buckets .5 to .6 and 1.2 to 1.5: rank 1.5 of 3 lies halfway into the first, 2.85 at .85 of the second.
    for (const seconds of [0.55, 0.58, 1.4]) turn(seconds);
    const { total } = await figures.summarise();
    expect(total.p50).toBeCloseTo(0.575, 10);
    expect(total.p95).toBeCloseTo(1.455, 10);
  });

  test('have the highest bucket bound for values beyond it, like PromQL', async () => {
    const { turn, figures } = start();
    turn(99);
    expect((await figures.summarise()).total.p50).toBe(30);
  });

  test('have no quantile before the first turn', async () => {
    const { figures } = start();
    expect((await figures.read()).total).toMatchObject({ p50: undefined, p95: undefined, turns: 0 });
  });

  test('distinguish agents and versions, and have a total', async () => {
    const { recorder, turn, figures } = start();
    turn(0.55);
    turn(4.5, support);
    recorder.record(observation('lk_agents_sessions_active', {}, 2), frontDesk);
    recorder.record(observation('lk_agents_sessions_total', { close_reason: 'user_initiated' }, 3), support);
    recorder.record(observation('lk_agents_sessions_total', { close_reason: 'job_shutdown' }, 1), support);
    recorder.record(observation('lk_agents_sessions_total', { close_reason: 'error' }, 2), support);
    recorder.record(observation('lk_agents_sessions_total', { close_reason: 'crashed' }, 1), support);
    const error = { component: 'llm', model_provider: 'openai' } as const;
    recorder.record(observation('lk_agents_errors_total', { ...error, recoverable: 'false' }, 2), support);
    recorder.record(observation('lk_agents_errors_total', { ...error, recoverable: 'true' }, 7), support);
    const { rows, total, errors } = await figures.read();
    expect(
      rows.map((row) => [row.agent, row.active, row.finished, row.failed, row.crashed, row.errors]),
    ).toEqual([
      ['front-desk', 2, 0, 0, 0, 0],
      ['support', 0, 4, 2, 1, 2],
    ]);
    expect(total).toMatchObject({ active: 2, finished: 4, failed: 2, crashed: 1, errors: 2 });
    expect(rows[1]?.p50).toBeCloseTo(4.5, 10);
    expect(errors).toEqual({ llm: 2 });
  });

  describe('over time', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
    afterEach(() => void vi.useRealTimers());

    test('ignore turns older than a minute', async () => {
      const { turn, figures } = start();
      turn(4.5);
      await figures.read();
      vi.advanceTimersByTime(30_000);
      turn(0.55);
      expect((await figures.read()).total.p95).toBeGreaterThan(4);
      vi.advanceTimersByTime(40_000);
      await figures.read();
      vi.advanceTimersByTime(1000);
      turn(0.55);
      const { total } = await figures.read();
      expect(total.p95).toBeLessThan(0.6);
      expect((await figures.summarise()).total.p95).toBeGreaterThan(4);
    });
  });
});
