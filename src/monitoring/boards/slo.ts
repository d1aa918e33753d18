import { percent } from '../markdown.ts';
import { burnRateWindows } from '../rules/alerts/budget-burn.ts';
import { failedReasons, type SloWindow, sloWindows } from '../rules/slo.ts';
import type { BoardContext, BoardSpec } from './panels/board.ts';
import { bargauge, stat, timeseries } from './panels/charts.ts';
import {
  allowed,
  attained,
  attainedOverall,
  budgetLeft,
  burnRate,
  type ServiceLevelObjective,
  serviceLevelObjectives,
} from './panels/objectives.ts';
import { type PanelBuilder, text } from './panels/panel.ts';
import { noCalls, noTurns, rulesRequired } from './panels/queries.ts';
import { table } from './panels/table.ts';
import { palette } from './panels/thresholds.ts';

/** Service level objectives over 30 days. */
export const slo: BoardSpec = {
  name: 'slo',
  description: 'Are the objectives met, how much error budget is left, and what consumes it?',
  from: 'now-30d',
  rows: (context) => [
    { panels: attainment(context) },
    { panels: budget(context) },
    { panels: [explanation(context)] },
    { title: 'Error budget burn rate', panels: burnRates(context) },
    { title: 'Contribution to the error budget', panels: contributors(context) },
  ],
};

/** For a title. */
const capitalized = (explanation: string): string =>
  explanation.charAt(0).toUpperCase() + explanation.slice(1);

/** For each objective: attainment and remaining error budget. */
const attainment = ({ objectives }: BoardContext): PanelBuilder[] =>
  serviceLevelObjectives(objectives).flatMap((promise) => [
    stat({
      title: `${capitalized(promise.name)}: kept`,
      description: `Share of good ones in the last 30 days, over all agents, whatever the time range; ${percent(promise.objective.ratio)} are promised.`,
      unit: 'percentunit',
      width: 4,
      decimals: 2,
      empty: rulesRequired,
      limits: { bad: promise.objective.ratio, falling: true },
      targets: [{ expr: attainedOverall(promise), as: 'instant' }],
    }),
    stat({
      title: `${capitalized(promise.name)}: budget`,
      description: `What is left of the ${percent(allowed(promise.objective))} that may go wrong in 30 days, of the agent that has least. Below 0 the objective is missed: fix the cause before the next release.`,
      unit: 'percentunit',
      width: 4,
      decimals: 0,
      empty: rulesRequired,
      text: 'value_and_name',
      limits: { warning: 0.25, bad: 0, falling: true },
      targets: [
        { expr: `bottomk(1, ${budgetLeft(promise)})`, legend: 'left of {{agent_name}}', as: 'instant' },
      ],
    }),
  ]);

/** The error budgets over time. */
const budget = ({ objectives }: BoardContext): PanelBuilder[] =>
  serviceLevelObjectives(objectives).map((promise: ServiceLevelObjective) =>
    timeseries({
      title: `Budget left: ${promise.name}`,
      description:
        'What is left of the budget of the 30 days before, by agent. A sharp drop is an incident, a slow decline is a persistent problem. The budget recovers as bad days leave the window. Not drawn below -100 %.',
      unit: 'percentunit',
      width: 8,
      height: 9,
      min: -1,
      max: 1,
      empty: rulesRequired,
      limit: [{ at: 0, colour: palette.bad }],
      next: 'releases',
      targets: [{ expr: `clamp_min(${budgetLeft(promise)}, -1)`, legend: '{{agent_name}}' }],
    }),
  );

/** An explanation of error budgets. */
function explanation({ objectives }: BoardContext): PanelBuilder {
  const { ratio, seconds } = objectives.turnLatency;
  const [fast] = burnRateWindows as readonly [(typeof burnRateWindows)[number]];
  return text({
    title: 'What an error budget is',
    description: 'How to read this board: what a budget, a burn rate and a window are.',
    width: 24,
    height: 4,
    content:
      `**An error budget is how much may go wrong in 30 days without breaking a promise**: ${percent(ratio)} of the turns are to be answered ` +
      `within ${seconds} s, so ${percent(1 - ratio)} of them may take longer. **A burn rate is how many times as fast as allowed it is being spent**: ` +
      `at 1 it lasts exactly 30 days; at ${fast.factor} an hour spends 2 % of it. ` +
      'An alert fires when a long window shows that it matters and a short one that it still goes on: ' +
      `${burnRateWindows.map(({ factor, long, short, severity }) => `${factor} × over ${long} and ${short} (${severity})`).join(', ')}.`,
  });
}

/** Burn rates at which an alert begins, as lines from the lowest to the highest. */
const alertThresholds = [...burnRateWindows]
  .sort((a, b) => a.factor - b.factor)
  .map(({ factor, severity }) => ({
    at: factor,
    colour: severity === 'critical' ? palette.bad : palette.warning,
  }));

/** The step of the ladder that a window decides: the steepest that reads it. */
const factorOf = (window: SloWindow): number | undefined =>
  burnRateWindows.find(({ long, short }) => long === window || short === window)?.factor;

/** Is it still burning? */
function burnRates({ objectives }: BoardContext): PanelBuilder[] {
  const all = serviceLevelObjectives(objectives);
  /** One column over all objectives, distinguished by the label `promise`. */
  const each = (expr: (promise: ServiceLevelObjective) => string) =>
    all
      .map(
        (promise) =>
          `label_replace(sum by (agent_name) (${expr(promise)}), "promise", "${promise.name}", "", "")`,
      )
      .join(' or ');
  return [
    table({
      title: 'Burn rate now, by window',
      description:
        'How many times as fast as allowed each budget is being spent. Red is a window that has reached its step of the ladder: two red ones of a step are an alert. Red on the left only is over soon; red on the right only is over already.',
      width: 24,
      height: 12,
      empty: rulesRequired,
      keys: [
        {
          label: 'agent_name',
          title: 'Agent',
          width: 160,
          link: { board: 'releases', variable: 'agent' },
        },
        { label: 'promise', title: 'Promise', width: 160 },
      ],
      sortBy: 'Budget left',
      ascending: true,
      columns: [
        { title: 'Kept', unit: 'percentunit', decimals: 2, expr: each(attained) },
        {
          title: 'Budget left',
          unit: 'percentunit',
          decimals: 0,
          limits: { warning: 0.25, bad: 0, falling: true },
          expr: each(budgetLeft),
        },
        ...sloWindows
          .filter((window) => window !== '30d')
          .map((window) => ({
            title: window,
            unit: 'suffix: ×',
            decimals: 1,
            limits: { warning: 1, bad: factorOf(window) ?? 1 },
            expr: each((promise) => burnRate(promise, window)),
          })),
      ],
    }),
    ...all.map((promise) =>
      timeseries({
        title: `Burn rate: ${promise.name}`,
        description:
          'How many times as fast as allowed the budget is spent, over an hour, by agent. The lines are the steps of the ladder: above orange the alert is a warning, above red it is critical.',
        unit: 'suffix: ×',
        width: 8,
        height: 9,
        empty: rulesRequired,
        limit: alertThresholds,
        reach: 16,
        next: 'latency',
        targets: [{ expr: burnRate(promise, '1h'), legend: '{{agent_name}}' }],
      }),
    ),
  ];
}

const e2e = 'lk_agents_turn_e2e_latency_seconds';

/** The maximum number of distinguishable bars. */
const maxBars = 10;

/** Which release of which agent spent the budget, in the time range. */
function contributors({ q, objectives: { turnLatency, turnLatencyTail } }: BoardContext): PanelBuilder[] {
  const about = { by: ['agent_name', 'agent_version'], window: '$__range' } as const;
  const failed = { ...about, where: { close_reason: { re: failedReasons } } } as const;
  /** Each one's share of all bad events. */
  const share = (bad: string) =>
    `sort_desc(topk(${maxBars}, (${bad}) / on () group_left () (sum(${bad}) > 0) > 0))`;
  const slow = (seconds: number) => `(${q.shareAbove(seconds, e2e, about)}) * (${q.count(e2e, about)})`;
  return (
    [
      [`turns above ${turnLatency.seconds} s`, slow(turnLatency.seconds), noTurns, 'latency'],
      [`turns above ${turnLatencyTail.seconds} s`, slow(turnLatencyTail.seconds), noTurns, 'latency'],
      ['failed sessions', q.increase('lk_agents_sessions_total', failed), noCalls, 'sessions'],
    ] as const
  ).map(([what, bad, nothing, next]) =>
    bargauge({
      title: `Share of all ${what}`,
      description: `Which version of which agent the ${what} of this time range were of; together they are 100 %. Compare with how many calls it takes: roll back a small canary with a large share.`,
      unit: 'percentunit',
      width: 8,
      height: 9,
      decimals: 0,
      max: 1,
      empty: `${nothing}, or no ${what}`,
      next,
      targets: [{ expr: share(bad), legend: '{{agent_name}} {{agent_version}}', as: 'instant' }],
    }),
  );
}
