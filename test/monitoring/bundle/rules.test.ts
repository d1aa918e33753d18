import { describe, expect, test } from 'vitest';
import { profiles } from '../../../src/catalogue/objectives.ts';
import { alertingGroups, recordingGroups } from '../../../src/monitoring/rules/index.ts';
import type { AlertRule, RecordingRule } from '../../../src/monitoring/rules/rule.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';
import { knownSeries, unknown } from './known-series.ts';
import { problems } from './promql.ts';

type Rule = AlertRule | RecordingRule;

const variants = {
  ...Object.fromEntries(
    (Object.keys(profiles) as (keyof typeof profiles)[]).map((profile) => [profile, settingsOf(profile)]),
  ),
  'a custom selector and labels': settingsOf('standard', {
    selector: ['job="voice"', 'agent_name=~"front-desk|support"'],
    labels: ['region'],
  }),
};

describe.each(Object.entries(variants))('rules for %s', (_, settings) => {
  const rules = [
    ...recordingGroups(settings).flatMap((group): Rule[] => [...group.rules]),
    ...alertingGroups(settings).flatMap((group): Rule[] => [...group.rules]),
  ];

  test('every expression is valid PromQL', () => {
    const wrong = rules.flatMap(({ expr }) => problems(expr).map((problem) => `${problem}: ${expr}`));
    expect(wrong).toEqual([]);
    expect(rules.length).toBeGreaterThan(200);
  });

  test('every expression uses known series, labels and values', () => {
    const known = knownSeries(settings);
    expect(rules.flatMap(({ expr }) => unknown(expr, known).map((problem) => `${problem}: ${expr}`))).toEqual(
      [],
    );
  });

  test('names of recorded series have the form level:metric:operation', () => {
    for (const rule of rules) {
      if ('record' in rule)
        expect(rule.record).toMatch(
          /^(agent|worker|version|component|node|gateway):[a-z0-9_]+(:[a-z0-9_]+)+$/,
        );
    }
  });
});

test('a misspelt series, label or value is found', () => {
  const known = knownSeries(settingsOf('standard'));
  expect(unknown('rate(lk_agents_turn_total[5m])', known)).toEqual(['unknown series lk_agents_turn_total']);
  expect(unknown('lk_agents_turns_total{tool="yes"}', known)).toEqual([
    'lk_agents_turns_total has no label tool',
  ]);
  expect(unknown('lk_agents_turns_total{outcome="complete"}', known)).toEqual([
    'lk_agents_turns_total never has outcome="complete"',
  ]);
  expect(
    unknown('agent:lk_agents_turns:rate5m{tools="no", outcome=~"completed|interrupted"}', known),
  ).toEqual([]);
  expect(unknown('agent:lk_agents_turns:rate5m{instance="a"}', known)).toEqual([
    'agent:lk_agents_turns:rate5m has no label instance',
  ]);
});

test.each(['rate(up)', 'sum(up', 'up +', 'sum_over_time(up[5m]) by (job)', 'histogram_quantile(up)'])(
  '%s is not PromQL',
  (expr) => {
    expect(problems(expr)).not.toEqual([]);
  },
);
