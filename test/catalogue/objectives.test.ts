import { describe, expect, test } from 'vitest';
import { catalogue } from '../../src/catalogue/metrics.ts';
import { type Objectives, profiles } from '../../src/catalogue/objectives.ts';

const bucketsOf = (metric: string): readonly number[] => {
  const { type, buckets } = catalogue[metric as keyof typeof catalogue] as {
    type: string;
    buckets?: readonly number[];
  };
  expect(type).toBe('histogram');
  return buckets ?? [];
};

/** The histograms that objectives in seconds are compared with, according to their docstrings. */
const compared: readonly [metric: string, of: (objectives: Objectives) => number][] = [
  ['lk_agents_turn_e2e_latency_seconds', ({ turnLatency }) => turnLatency.seconds],
  ['lk_agents_turn_e2e_latency_seconds', ({ turnLatencyTail }) => turnLatencyTail.seconds],
  ['lk_agents_first_response_seconds', ({ firstResponse }) => firstResponse],
  ['lk_agents_dead_air_seconds', ({ deadAir }) => deadAir],
  ['lk_agents_tool_duration_seconds', ({ toolDuration }) => toolDuration],
  ['lk_agents_session_duration_seconds', ({ earlyHangup }) => earlyHangup],
];

describe.each(Object.entries<Objectives>(profiles))('the profile %s', (_, objectives) => {
  test.each(compared.map(([metric, of]) => [metric, of(objectives)] as const))(
    '%s has a bucket with the upper bound %d s, so that shares are exact',
    (metric, seconds) => {
      expect(bucketsOf(metric)).toContain(seconds);
    },
  );

  test('shares are between 0 and 1', () => {
    const ratios = Object.values(objectives).flatMap((value) =>
      typeof value === 'object' && 'ratio' in value ? [value.ratio] : [],
    );
    expect(ratios).toHaveLength(3);
    for (const ratio of ratios) {
      expect(ratio).toBeGreaterThan(0.9);
      expect(ratio).toBeLessThan(1);
    }
    for (const [name, value] of Object.entries(objectives)) {
      if (name.endsWith('Ratio')) {
        expect(value).toBeGreaterThan(0);
        expect(value).toBeLessThan(1);
      }
    }
  });

  test('the tail objective has a higher latency and a higher share than the target', () => {
    expect(objectives.turnLatencyTail.seconds).toBeGreaterThan(objectives.turnLatency.seconds);
    expect(objectives.turnLatencyTail.ratio).toBeGreaterThan(objectives.turnLatency.ratio);
  });
});

test('the response objectives are 0.8 s, 1.5 s and, for telephony, 2.5 s', () => {
  expect(profiles.strict.turnLatency).toEqual({ seconds: 0.8, ratio: 0.95 });
  expect(profiles.standard.turnLatency).toEqual({ seconds: 1.5, ratio: 0.95 });
  expect(profiles.telephony.turnLatency).toEqual({ seconds: 2.5, ratio: 0.95 });
});
