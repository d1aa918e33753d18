import { describe, expect, test } from 'vitest';
import { type Derivation, observation } from '../../src/catalogue/observation.ts';
import { createRecorder } from '../../src/metrics/recorder.ts';
import { sampleOf } from '../agent/worker/exposition.ts';

const identity = { agent_name: 'front-desk', agent_version: '1.4' };
const labels = { model_provider: 'acme', model_name: 'm-1', component: 'llm' } as const;
const used = (value: number) =>
  observation('lk_agents_billable_usage_total', { ...labels, unit: 'output_tokens' }, value);
const doubling: Derivation = {
  from: 'lk_agents_billable_usage_total',
  revision: 1,
  of: ({ unit, ...model }) => [
    { metric: 'lk_agents_cost_usd_total', labels: model, factor: 2 },
    ...(unit === 'requests' ? [{ metric: 'lk_agents_handoffs_total' as const, labels: {}, factor: 1 }] : []),
  ],
};

describe('a series that is derived from another', () => {
  test('grows along with it, under the same identity', async () => {
    const recorder = createRecorder({ derivation: doubling });
    recorder.record(used(3), identity);
    recorder.series('lk_agents_billable_usage_total', { ...labels, unit: 'output_tokens' }, identity)?.add(4);
    const text = await recorder.expose('text');
    expect(sampleOf(text, 'lk_agents_billable_usage_total')).toBe(7);
    expect(sampleOf(text, 'lk_agents_cost_usd_total', { ...identity, ...labels })).toBe(14);
  });

  test('does not grow with what is refused', async () => {
    const recorder = createRecorder({ derivation: doubling });
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e16])
      recorder.record(used(value), identity);
    const text = await recorder.expose('text');
    expect(sampleOf(text, 'lk_agents_cost_usd_total')).toBeUndefined();
    expect(sampleOf(text, 'talkgauge_samples_dropped_total', { reason: 'invalid_value' })).toBe(4);
  });

  test('does not grow with other series, nor without a derivation', async () => {
    const recorder = createRecorder({ derivation: doubling });
    recorder.record(observation('lk_agents_handoffs_total', {}, 1), identity);
    expect(sampleOf(await recorder.expose('text'), 'lk_agents_cost_usd_total')).toBeUndefined();
    const without = createRecorder();
    without.record(used(3), identity);
    expect(sampleOf(await without.expose('text'), 'lk_agents_cost_usd_total')).toBeUndefined();
  });

  test('for which there is no room is dropped, and each sample is counted', async () => {
    const recorder = createRecorder({ derivation: doubling, maxSeries: 1 });
    recorder.record(used(3), identity);
    recorder.record(used(4), identity);
    const text = await recorder.expose('text');
    expect(sampleOf(text, 'lk_agents_billable_usage_total')).toBe(7);
    expect(sampleOf(text, 'talkgauge_samples_dropped_total', { reason: 'series_limit' })).toBe(2);
  });
});

test('states are shown as they are at the moment, and no longer than they are', async () => {
  let days = [1, 2];
  const recorder = createRecorder({
    states: () =>
      days.map((day, at) =>
        observation('talkgauge_price_file_timestamp_seconds', { source: at === 0 ? 'builtin' : 'user' }, day),
      ),
  });
  const shown = async (source: string) =>
    sampleOf(await recorder.expose('text'), 'talkgauge_price_file_timestamp_seconds', { source });
  expect([await shown('builtin'), await shown('user')]).toEqual([1, 2]);
  days = [3];
  expect([await shown('builtin'), await shown('user')]).toEqual([3, undefined]);
});
