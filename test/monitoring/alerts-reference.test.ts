import { expect, test } from 'vitest';
import { type Objectives, profiles } from '../../src/catalogue/objectives.ts';
import { alertsReference, objectiveMeanings, readable } from '../../src/monitoring/alerts-reference.ts';
import { alertingGroups } from '../../src/monitoring/rules/index.ts';
import { settingsOf } from '../../src/monitoring/settings.ts';

const lines = alertsReference().split('\n');

test('every alert is on the page, once per severity', () => {
  const rules = alertingGroups(settingsOf('standard')).flatMap((group) => group.rules);
  for (const { alert, severity } of rules) {
    const rows = lines.filter((line) =>
      line.startsWith(`| [${alert}](runbooks/${alert}.md) | ${severity} |`),
    );
    expect(rows.length, `${alert}, ${severity}`).toBeGreaterThan(0);
  }
});

test('a row has severity, `for` duration, text, expression and objectives', () => {
  expect(lines).toContain(
    '| [LiveKitAgentFirstResponseSlow](runbooks/LiveKitAgentFirstResponseSlow.md) | warning | 10m | ' +
      '*agent_name*: p95 of the first response time is *x* | ' +
      "The time from the start of a session to the agent's first word, over the last 30 minutes; up to 3 s is fine. | " +
      '`firstResponse` |',
  );
});

test('rules that differ in their window share a row', () => {
  expect(lines).toContain(
    '| [LiveKitAgentSessionFailureBudgetBurn](runbooks/LiveKitAgentSessionFailureBudgetBurn.md) | critical | 2m, 15m | ' +
      '*agent_name*: *x* of sessions in *window* failed or crashed | ' +
      '99 % of the sessions must end without an error, over 30 days. | `sessionSuccess` |',
  );
});

test('an objective has a value for each profile, and the alerts that use it', () => {
  expect(lines).toContain(
    "| `firstResponse` | 2 | 3 | 5 | p95 of the time to the agent's first word, in seconds | `LiveKitAgentFirstResponseSlow` |",
  );
  expect(lines).toContain(
    '| `costPerMinute` | none | none | none | US dollars for a minute of session, over an hour | `LiveKitAgentCostRunaway` |',
  );
});

test('a burn rate has the share of the budget that it consumes', () => {
  expect(lines).toContain('| 6h | 30m | 6 | 5 % | critical | Now: callers notice. |');
  expect(lines).toContain('| 3d | 6h | 1 | 10 % | warning | This week: the budget will not last. |');
});

test('templates become sentences', () => {
  expect(
    readable(
      '{{ $labels.tool }}: {{ $value | humanize }}, {{ with printf `a{b=%q}` $labels.b | query }}{{ . | first }} is{{ end }} before',
    ),
  ).toBe('*tool*: *x*, *y* is before');
  expect(
    readable('{{ with $labels.a }}{{ . }}/{{ $labels.b }}{{ else }}c{{ end }} in 1h', { window: '1h' }),
  ).toBe('*a*/*b* in *window*');
});

/** A value for each objective that no profile has. Durations are bucket bounds, in seconds. */
const others: Required<Objectives> = {
  turnLatency: { seconds: 2, ratio: 0.94 },
  turnLatencyTail: { seconds: 7.5, ratio: 0.98 },
  sessionSuccess: { ratio: 0.97 },
  firstResponse: 4,
  deadAir: 7.5,
  deadAirRatio: 0.13,
  toolDuration: 7.5,
  toolErrorRatio: 0.13,
  providerErrorRatio: 0.13,
  crashRatio: 0.13,
  recordingErrorRatio: 0.13,
  unansweredRatio: 0.13,
  falseInterruptionRatio: 0.13,
  earlyHangup: 20,
  earlyHangupRatio: 0.23,
  costPerMinute: 0.13,
  loadThreshold: 0.73,
  workerLoad: 0.83,
  networkLossRatio: 0.03,
  networkRttSeconds: 0.33,
  networkJitterSeconds: 0.04,
};

const rulesOf = (objectives: Objectives) =>
  alertingGroups(settingsOf('standard', { objectives })).flatMap((group) => group.rules);

test.each(Object.keys(objectiveMeanings) as (keyof Objectives)[])(
  'exactly the alerts that name %s change with it',
  (objective) => {
    const said = rulesOf({ ...profiles.standard, costPerMinute: 0.15 });
    const changed = rulesOf({ ...profiles.standard, costPerMinute: 0.15, [objective]: others[objective] });
    const moved = said.filter(
      ({ expr, description }, i) => expr !== changed[i]?.expr || description !== changed[i]?.description,
    );
    expect(new Set(moved.map(({ alert }) => alert))).toEqual(
      new Set(said.filter((rule) => rule.objectives?.includes(objective)).map(({ alert }) => alert)),
    );
  },
);

test('the cost per minute is limited only if it is set', () => {
  const costly = (objectives: Objectives) =>
    rulesOf(objectives).filter(({ alert }) => alert === 'LiveKitAgentCostRunaway');
  expect(costly(profiles.standard).map(({ labels }) => labels)).toEqual([{ limit: 'usual' }]);
  expect(
    costly({ ...profiles.standard, costPerMinute: 0.2 }).map(({ expr, labels }) => ({ expr, labels }))[1],
  ).toEqual({
    expr:
      'agent:lk_agents_cost_usd:per_session_minute_1h > 0.2 and on (agent_name) ' +
      'sum by (agent_name) (sum_over_time(agent:lk_agents_cost_usd:rate5m[1h])) * 60 >= 1',
    labels: { limit: 'objective' },
  });
});
