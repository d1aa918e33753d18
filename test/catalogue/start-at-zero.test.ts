import { describe, expect, test } from 'vitest';
import { catalogue } from '../../src/catalogue/metrics.ts';
import {
  labelSets,
  newAgent,
  newWorker,
  startsBySeries,
  startsOf,
  zeroSince,
} from '../../src/catalogue/start-at-zero.ts';

/** Conditions that are not series. */
const others: readonly string[] = [newAgent, newWorker];
const counters = Object.entries(catalogue).filter(([, { type }]) => type === 'counter');

describe.each(counters)('%s', (metric, spec) => {
  test('starts with series of the catalogue and valid label values', () => {
    for (const { series, labels = {}, same = [] } of startsOf(metric, spec)) {
      if (!others.includes(series)) expect(catalogue).toHaveProperty(series);
      const there = catalogue[series]?.labels ?? {};
      for (const [label, values] of Object.entries(spec.labels)) {
        const given = labels[label];
        // A label without listed values takes its value from the other series, or the value is given.
        if (values === 'open' || same.includes(label)) expect(given ?? there[label]).toBeDefined();
        else if (given !== undefined) expect(values).toEqual(expect.arrayContaining([given].flat()));
      }
      expect(Object.keys(spec.labels)).toEqual(expect.arrayContaining(Object.keys(labels)));
    }
  });
});

test('each label set initialises at most a few dozen others', () => {
  const sizes = [...startsBySeries(catalogue)]
    .filter(([series]) => !others.includes(series))
    .map(([series, starts]) => {
      const known = Object.fromEntries(Object.keys(catalogue[series]!.labels).map((label) => [label, 'x']));
      return starts.flatMap(({ metric, ...start }) => labelSets(catalogue[metric]!, start, known)).length;
    });
  expect(Math.max(...sizes)).toBeLessThan(36);
});

test.each([
  ['lk_agents_sessions_total', 'agent'],
  ['talkgauge_samples_dropped_total', 'worker'],
  ['lk_agents_job_exits_total', 'worker'],
  ['lk_agents_usage_llm_input_cached_tokens_total', 'another series'],
  ['lk_agents_cost_usd_total', 'another series'],
  ['lk_agents_tool_calls_total', 'itself'],
  ['lk_agents_llm_requests_total', 'itself'],
])('%s is exposed at 0 from: %s', (metric, since) => {
  expect(zeroSince(metric, catalogue)).toBe(since);
});

test('an error initialises the errors of its own component only', () => {
  const start = startsOf('lk_agents_errors_total', catalogue.lk_agents_errors_total!)[0]!;
  const known = { component: 'tts', model_provider: 'acme', recoverable: 'true' };
  expect(labelSets(catalogue.lk_agents_errors_total!, start, known)).toEqual([
    { component: 'tts', model_provider: 'acme', recoverable: 'true' },
    { component: 'tts', model_provider: 'acme', recoverable: 'false' },
  ]);
});
