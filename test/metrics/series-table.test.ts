import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../src/catalogue/metrics.ts';
import { type Derivation, observation } from '../../src/catalogue/observation.ts';
import { createRecorder, type RecorderOptions } from '../../src/metrics/recorder.ts';
import { sampleOf } from '../agent/worker/exposition.ts';

const hour = 3_600_000;
const names = [
  ...['lk_agents_handoffs_total', 'lk_agents_sessions_active'],
  ...['talkgauge_series', 'talkgauge_samples_dropped_total'],
];
const specs = Object.fromEntries(Object.entries(catalogue).filter(([name]) => names.includes(name)));
/** A recorder of a few series with a clock set by the test; a label can have three values. */
function create(options: RecorderOptions = {}) {
  const clock = { at: 0 };
  const recorder = createRecorder({ maxLabelValues: 3, now: () => clock.at, specs, ...options });
  /** The exposed lines of a family, without the agent and version labels where they equal those of `about`. */
  const shown = async (family: string) =>
    (await recorder.expose('text'))
      .split('\n')
      .filter((line) => line.startsWith(`${family}{`) && !line.endsWith(' 0'))
      .map((line) => line.slice(family.length))
      .sort();
  return { recorder, clock, shown };
}
const of = (agent_version: string) => ({ agent_name: 'a', agent_version });
const handoff = observation('lk_agents_handoffs_total', {}, 1);
const active = (by: number) => observation('lk_agents_sessions_active', {}, by);
const row = (version: string, value: number) => `{agent_name="a",agent_version="${version}"} ${value}`;

describe('a label at its value cap', () => {
  test('evicts a value unused for six hours, with all its series, for a new value', async () => {
    const { recorder, clock, shown } = create();
    for (const version of ['1', '2', '3']) recorder.record(handoff, of(version));
    clock.at = 3 * hour;
    for (const version of ['2', '3']) recorder.record(handoff, of(version));
    clock.at = 6 * hour - 1;
    recorder.record(handoff, of('4'));
    expect(await shown('lk_agents_handoffs_total')).toEqual([
      row('1', 1),
      row('2', 2),
      row('3', 2),
      row('other', 1),
    ]);
    clock.at = 6 * hour + 60_000;
    recorder.record(handoff, of('4'));
    expect(await shown('lk_agents_handoffs_total')).toEqual([
      row('2', 2),
      row('3', 2),
      row('4', 1),
      row('other', 1),
    ]);
    expect(await recorder.expose('text')).not.toContain('agent_version="1"');
  });

  test('evicts 200 releases one after the other, so that the current one is never `other`', async () => {
    const { recorder, clock, shown } = create({ maxLabelValues: 200 });
    for (let release = 1; release <= 600; release++) {
      clock.at += hour;
      recorder.record(handoff, of(String(release)));
    }
    const versions = (await shown('lk_agents_handoffs_total')).map(
      (line) => /version="(\w+)"/.exec(line)?.[1],
    );
    expect(versions).not.toContain('other');
    expect(versions).toContain('600');
    expect(versions.length).toBeLessThanOrEqual(200);
  });

  test('limits the number of new values per idle period for an endless stream of values', () => {
    const { recorder, clock } = create({ maxLabelValues: 20, maxSeries: 1000 });
    const exposed = new Set<string>();
    for (let i = 0; i < 20_000; i++) {
      clock.at += hour / 1000;
      recorder.record(handoff, of(`v${i}`));
      if (i % 100 === 0) for (const { labels } of seriesOf(recorder)) exposed.add(labels);
    }
    // In 20 hours, 20 values can be replaced every six hours.
    expect(exposed.size).toBeLessThanOrEqual(1 + 20 * 4);
    expect(exposed.size).toBeGreaterThan(20);
  });

  test('keeps a value with a gauge that is not 0, at any age', async () => {
    const { recorder, clock, shown } = create();
    recorder.record(active(1), of('1'));
    for (const version of ['2', '3']) recorder.record(handoff, of(version));
    clock.at = 7 * hour;
    recorder.record(handoff, of('4'));
    clock.at = 14 * hour;
    recorder.record(handoff, of('5'));
    clock.at = 21 * hour;
    recorder.record(handoff, of('6'));
    expect(await shown('lk_agents_sessions_active')).toEqual([row('1', 1)]);
    recorder.record(active(-1), of('1'));
    for (const later of [7, 8, 9]) {
      clock.at += 7 * hour;
      recorder.record(handoff, of(String(later)));
    }
    expect(await recorder.expose('text')).not.toContain('agent_version="1"');
  });

  test('keeps the values of a held agent until it is released', async () => {
    const { recorder, clock } = create();
    const release = recorder.hold(of('1'));
    for (const version of ['1', '2', '3']) recorder.record(handoff, of(version));
    clock.at = 7 * hour;
    recorder.record(handoff, of('4'));
    clock.at = 14 * hour;
    recorder.record(handoff, of('5'));
    clock.at = 21 * hour;
    recorder.record(handoff, of('6'));
    expect(await recorder.expose('text')).toContain('agent_version="1"');
    release();
    release();
    clock.at = 28 * hour;
    recorder.record(handoff, of('7'));
    expect(await recorder.expose('text')).not.toContain('agent_version="1"');
  });

  test('does not evict series in which this label has listed values', async () => {
    const { recorder, clock, shown } = create({
      specs: {
        closed_total: { type: 'counter', help: 'h', unit: 'x', labels: { type: ['a'] }, source: 's' },
        open_total: { type: 'counter', help: 'h', unit: 'x', labels: { type: 'open' }, source: 's' },
      } as never,
    });
    const count = (metric: string, type: string) =>
      recorder.record({ metric, labels: { type }, value: 1 } as never, of('1'));
    count('closed_total', 'a');
    for (const type of ['a', 'b', 'c']) count('open_total', type);
    clock.at = 7 * hour;
    count('open_total', 'd');
    expect(await shown('closed_total')).toEqual(['{agent_name="a",agent_version="1",type="a"} 1']);
    expect(await shown('open_total')).not.toContain('{agent_name="a",agent_version="1",type="a"} 1');
  });
});

describe('an evicted value', () => {
  test('restarts at 0 when it returns, also for a holder of its series', async () => {
    const { recorder, clock, shown } = create();
    const kept = recorder.series('lk_agents_handoffs_total', {}, of('1'));
    kept?.add(5);
    for (const version of ['2', '3']) recorder.record(handoff, of(version));
    clock.at = 7 * hour;
    recorder.record(handoff, of('4'));
    expect(await shown('lk_agents_handoffs_total')).not.toContain(row('1', 5));
    // While the label is full, the value is counted as `other`, like any new value.
    for (const version of ['2', '3']) recorder.record(handoff, of(version));
    kept?.add(7);
    expect(await shown('lk_agents_handoffs_total')).toContain(row('other', 7));
    clock.at = 14 * hour;
    expect(recorder.series('lk_agents_handoffs_total', {}, of('1'))).toBeDefined();
    recorder.record(handoff, of('2'));
    const again = recorder.series('lk_agents_handoffs_total', {}, of('1'));
    again?.add(1);
    expect(await shown('lk_agents_handoffs_total')).toContain(row('1', 1));
  });

  test('is counted under its own name again by a holder of its series when the label has space', async () => {
    const { recorder, clock, shown } = create();
    const kept = recorder.series('lk_agents_handoffs_total', {}, of('1'));
    kept?.add(5);
    for (const version of ['2', '3']) recorder.record(handoff, of(version));
    clock.at = 7 * hour;
    recorder.record(handoff, of('4'));
    clock.at = 14 * hour;
    kept?.add(2);
    kept?.add(1);
    expect(await shown('lk_agents_handoffs_total')).toContain(row('1', 3));
    // A lookup returns the same series.
    recorder.record(handoff, of('1'));
    expect(await shown('lk_agents_handoffs_total')).toContain(row('1', 4));
  });

  test('is introduced again: its counters start at 0', async () => {
    const { recorder, clock } = create();
    const introduced = async () =>
      (await recorder.expose('text')).includes('handoffs_total{agent_name="a",agent_version="1"} 0');
    for (const version of ['1', '2', '3']) recorder.introduce(of(version));
    expect(await introduced()).toBe(true);
    clock.at = 7 * hour;
    recorder.introduce(of('4'));
    expect(await introduced()).toBe(false);
    clock.at = 14 * hour;
    recorder.introduce(of('1'));
    expect(await introduced()).toBe(true);
  });
});

test('for any order of samples, each value has its own count and gauges return to 0', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          version: fc.integer({ min: 0, max: 8 }),
          kind: fc.constantFrom('count', 'begin', 'end'),
          hours: fc.constantFrom(0, 0, 0, 1, 7),
        }),
        { maxLength: 60 },
      ),
      async (steps) => {
        const { recorder, clock, shown } = create();
        const kept = new Map<number, ReturnType<typeof recorder.series>>();
        const sessions = new Map<number, number>();
        const counted = new Map<number, number>();
        for (const { version, kind, hours } of steps) {
          clock.at += hours * hour + 1;
          const about = of(String(version));
          if (kind === 'count') {
            counted.set(version, (counted.get(version) ?? 0) + 1);
            recorder.record(handoff, about);
            continue;
          }
          if (!kept.has(version)) kept.set(version, recorder.series('lk_agents_sessions_active', {}, about));
          const by = kind === 'begin' ? 1 : (sessions.get(version) ?? 0) > 0 ? -1 : 0;
          sessions.set(version, (sessions.get(version) ?? 0) + by);
          kept.get(version)?.add(by);
        }
        const sum = (lines: string[]) =>
          lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
        const live = [...sessions.values()].reduce((total, count) => total + count, 0);
        expect(sum(await shown('lk_agents_sessions_active'))).toBe(live);
        for (const line of await shown('lk_agents_handoffs_total')) {
          const version = /version="(\d)"/.exec(line)?.[1];
          if (version)
            expect(Number(line.split(' ').at(-1))).toBeLessThanOrEqual(counted.get(Number(version)) ?? 0);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('the label sets idle for longest are evicted at the series limit', async () => {
  const { recorder, clock, shown } = create({ maxSeries: 100, maxLabelValues: 1000 });
  for (let version = 0; version < 100; version++) recorder.record(handoff, of(String(version)));
  clock.at = 5 * hour;
  for (let version = 50; version < 100; version++) recorder.record(handoff, of(String(version)));
  recorder.record(handoff, of('new'));
  expect(await shown('talkgauge_samples_dropped_total')).toEqual([
    '{agent_name="unknown",agent_version="unknown",reason="series_limit"} 1',
  ]);
  clock.at = 7 * hour;
  recorder.record(handoff, of('new'));
  expect(await shown('talkgauge_series')).toEqual(['{agent_name="unknown",agent_version="unknown"} 91']);
  const left = await shown('lk_agents_handoffs_total');
  expect(left).toContain(row('new', 1));
  for (let version = 50; version < 100; version++) expect(left).toContain(row(String(version), 2));
});

/** The exposed series of handoffs. */
function seriesOf(recorder: ReturnType<typeof createRecorder>): { labels: string }[] {
  const metric = recorder.registry.getSingleMetric('lk_agents_handoffs_total') as unknown as {
    hashMap: Record<string, unknown>;
  };
  return Object.keys(metric.hashMap).map((labels) => ({ labels }));
}

describe('derived series', () => {
  const identity = { agent_name: 'front-desk', agent_version: '1.4' };
  const labels = { model_provider: 'acme', model_name: 'm-1', component: 'llm' } as const;
  const used = (value: number) =>
    observation('lk_agents_billable_usage_total', { ...labels, unit: 'output_tokens' }, value);
  const doubling: Derivation = {
    from: 'lk_agents_billable_usage_total',
    revision: 1,
    of: ({ unit, ...model }) => [
      { metric: 'lk_agents_cost_usd_total', labels: model, factor: 2 },
      ...(unit === 'requests'
        ? [{ metric: 'lk_agents_handoffs_total' as const, labels: {}, factor: 1 }]
        : []),
    ],
  };

  describe('a series derived from another', () => {
    test('increases with it, with the same identity', async () => {
      const recorder = createRecorder({ derivation: doubling });
      recorder.record(used(3), identity);
      recorder
        .series('lk_agents_billable_usage_total', { ...labels, unit: 'output_tokens' }, identity)
        ?.add(4);
      const text = await recorder.expose('text');
      expect(sampleOf(text, 'lk_agents_billable_usage_total')).toBe(7);
      expect(sampleOf(text, 'lk_agents_cost_usd_total', { ...identity, ...labels })).toBe(14);
    });

    test('does not increase with rejected samples', async () => {
      const recorder = createRecorder({ derivation: doubling });
      for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e16])
        recorder.record(used(value), identity);
      const text = await recorder.expose('text');
      expect(sampleOf(text, 'lk_agents_cost_usd_total')).toBeUndefined();
      expect(sampleOf(text, 'talkgauge_samples_dropped_total', { reason: 'invalid_value' })).toBe(4);
    });

    test('does not increase with other series or without a derivation', async () => {
      const recorder = createRecorder({ derivation: doubling });
      recorder.record(observation('lk_agents_handoffs_total', {}, 1), identity);
      expect(sampleOf(await recorder.expose('text'), 'lk_agents_cost_usd_total')).toBeUndefined();
      const without = createRecorder();
      without.record(used(3), identity);
      expect(sampleOf(await without.expose('text'), 'lk_agents_cost_usd_total')).toBeUndefined();
    });

    test('beyond the series limit is dropped, and each sample is counted', async () => {
      const recorder = createRecorder({ derivation: doubling, maxSeries: 1 });
      recorder.record(used(3), identity);
      recorder.record(used(4), identity);
      const text = await recorder.expose('text');
      expect(sampleOf(text, 'lk_agents_billable_usage_total')).toBe(7);
      expect(sampleOf(text, 'talkgauge_samples_dropped_total', { reason: 'series_limit' })).toBe(2);
    });
  });

  test('states are exposed with their current value and removed afterwards', async () => {
    let days = [1, 2];
    const recorder = createRecorder({
      states: () =>
        days.map((day, at) =>
          observation(
            'talkgauge_price_file_timestamp_seconds',
            { source: at === 0 ? 'builtin' : 'user' },
            day,
          ),
        ),
    });
    const shown = async (source: string) =>
      sampleOf(await recorder.expose('text'), 'talkgauge_price_file_timestamp_seconds', { source });
    expect([await shown('builtin'), await shown('user')]).toEqual([1, 2]);
    days = [3];
    expect([await shown('builtin'), await shown('user')]).toEqual([3, undefined]);
  });
});
