import { percent } from '../markdown.ts';
import { failedReasons } from '../rules/slo.ts';
import { providers, trends } from './fleet/trends.ts';
import { activeSince, firing, identifyingLabels, runbookLink } from './panels/alerts.ts';
import type { BoardContext, BoardSpec } from './panels/board.ts';
import { stat } from './panels/charts.ts';
import { budgetLeft, type ServiceLevelObjective, serviceLevelObjectives } from './panels/objectives.ts';
import type { PanelBuilder } from './panels/panel.ts';
import { noCalls, noTurns, percentiles, rulesRequired } from './panels/queries.ts';
import { table } from './panels/table.ts';

/** The home dashboard. */
export const fleet: BoardSpec = {
  name: 'fleet',
  description: 'Are my agents fine, and if not, which one and where?',
  rows: (context) => [
    { panels: currentState(context) },
    { panels: agents(context) },
    { panels: trends(context) },
    { title: 'Providers and deploys', panels: providers(context) },
  ],
};

const e2e = 'lk_agents_turn_e2e_latency_seconds';

/** The first row: the overall state. */
function currentState({ q, objectives }: BoardContext): PanelBuilder[] {
  const { turnLatency, turnLatencyTail, sessionSuccess } = objectives;
  const [turns, , sessions] = serviceLevelObjectives(objectives) as [
    ServiceLevelObjective,
    ServiceLevelObjective,
    ServiceLevelObjective,
  ];
  const ended = { window: '$__range' } as const;
  return [
    stat({
      title: 'Firing alerts',
      description:
        'How many alerts are firing: critical alerts page, warnings create tickets. The table below lists them with their runbooks.',
      unit: 'short',
      width: 4,
      decimals: 0,
      empty: 'Prometheus does not answer',
      text: 'value_and_name',
      limitsOf: { critical: { bad: 1 }, warning: { warning: 1, bad: Number.MAX_SAFE_INTEGER } },
      next: 'runbooks',
      targets: (['critical', 'warning'] as const).map((severity) => ({
        expr: `count(group by (alertname, ${identifyingLabels.join(', ')}) (${firing({ severity })})) or vector(0)`,
        legend: severity,
        as: 'instant',
      })),
    }),
    stat({
      title: 'Turn latency now',
      description: `What callers wait for, from the end of their speech to the start of the reply, in the last minutes. The p95 is red from the objective of ${turnLatency.seconds} s on, the p99 from ${turnLatencyTail.seconds} s on.`,
      unit: 's',
      width: 6,
      empty: noTurns,
      text: 'value_and_name',
      limitsOf: {
        p95: { warning: 0.9 * turnLatency.seconds, bad: turnLatency.seconds },
        p99: { bad: turnLatencyTail.seconds },
      },
      next: 'latency',
      targets: percentiles(q, e2e),
    }),
    stat({
      title: 'Error budget left, worst agent',
      description: `What is left of the turns (${percent(1 - turnLatency.ratio)}) that may take longer than ${turnLatency.seconds} s, and of the sessions (${percent(1 - sessionSuccess.ratio)}) that may fail, in 30 days. Below 0 the objective is missed: stop releases, and find the cause.`,
      unit: 'percentunit',
      width: 5,
      decimals: 0,
      empty: rulesRequired,
      text: 'value_and_name',
      limits: { warning: 0.25, bad: 0, falling: true },
      next: 'slo',
      targets: [turns, sessions].map((promise) => ({
        expr: `bottomk(1, ${budgetLeft(promise)})`,
        legend: `{{agent_name}}: ${promise.of}`,
        as: 'instant',
      })),
    }),
    stat({
      title: 'Cost per minute',
      description:
        'What all calls together cost at this moment, in US dollars per minute of the clock, at list prices or at those of your price file. Usage without a price is not in it.',
      unit: 'currencyUSD',
      width: 3,
      decimals: 3,
      empty: 'No usage with a price',
      next: 'cost',
      targets: [{ expr: `${q.rate('lk_agents_cost_usd_total')} * 60` }],
    }),
    stat({
      title: 'Failed sessions',
      description: `Share of the sessions that ended with an error or a crashed job, in this time range; ${percent(1 - sessionSuccess.ratio)} are allowed.`,
      unit: 'percentunit',
      width: 3,
      decimals: 1,
      empty: noCalls,
      limits: { warning: 0.5 * (1 - sessionSuccess.ratio), bad: 1 - sessionSuccess.ratio },
      next: 'releases',
      targets: [
        {
          expr: q.share(
            ['lk_agents_sessions_total', { ...ended, where: { close_reason: { re: failedReasons } } }],
            ['lk_agents_sessions_total', ended],
          ),
          as: 'instant',
        },
      ],
    }),
    stat({
      title: 'Sessions now',
      description:
        'Calls that are running at this moment, and how many there were. A drop to 0 in business hours is an outage in front of the agents: look at the workers and at LiveKit.',
      unit: 'short',
      width: 3,
      decimals: 0,
      empty: 'No agent reports',
      trend: true,
      next: 'workers',
      targets: [{ expr: q.gauge('lk_agents_sessions_active') }],
    }),
  ];
}

/** The affected agents, and the firing alerts. */
function agents({ q, objectives, settings }: BoardContext): PanelBuilder[] {
  const { turnLatency, sessionSuccess, toolErrorRatio } = objectives;
  const about = { by: ['agent_name'], window: '$__range' } as const;
  const runbook = runbookLink(settings);
  const since = `time() - (${activeSince} and ignoring (alertstate) ${firing()})`;
  // Labels that an alert does not have leave spaces, which Grafana takes for a zero.
  const joined = `label_join(${since}, "concerns", " ", ${identifyingLabels.map((label) => `"${label}"`).join(', ')})`;
  const named = `label_replace(${joined}, "concerns", "$1", "concerns", " *(.*?) *")`;
  return [
    table({
      title: 'Agents',
      description:
        'Every agent in this time range, the slowest first. Click a name for its latency, and a figure for the board that explains it.',
      width: 15,
      height: 9,
      empty: 'No agent reports: is Prometheus scraping the workers?',
      keys: [
        { label: 'agent_name', title: 'Agent', link: { board: 'latency', variable: 'agent' }, width: 130 },
      ],
      sortBy: 'p95',
      columns: [
        {
          title: 'Now',
          width: 65,
          unit: 'short',
          decimals: 0,
          expr: q.gauge('lk_agents_sessions_active', { by: ['agent_name'] }),
        },
        {
          title: 'Calls',
          width: 80,
          unit: 'locale',
          decimals: 0,
          next: 'sessions',
          expr: q.increase('lk_agents_sessions_total', about),
        },
        {
          title: 'Turns',
          width: 90,
          unit: 'locale',
          decimals: 0,
          expr: q.increase('lk_agents_turns_total', about),
        },
        {
          title: 'p95',
          unit: 's',
          next: 'latency',
          limits: { warning: 0.9 * turnLatency.seconds, bad: turnLatency.seconds },
          expr: q.quantile(0.95, e2e, about),
        },
        {
          title: 'Slow',
          unit: 'percentunit',
          decimals: 1,
          next: 'slo',
          limits: { bad: 1 - turnLatency.ratio },
          expr: q.shareAbove(turnLatency.seconds, e2e, about),
        },
        {
          title: 'Failed',
          unit: 'percentunit',
          decimals: 1,
          next: 'releases',
          limits: { bad: 1 - sessionSuccess.ratio },
          expr: q.share(
            ['lk_agents_sessions_total', { ...about, where: { close_reason: { re: failedReasons } } }],
            ['lk_agents_sessions_total', about],
          ),
        },
        {
          title: 'Errors',
          unit: 'short',
          decimals: 0,
          next: 'models',
          expr: q.increase('lk_agents_errors_total', about),
        },
        {
          title: 'Tool errors',
          unit: 'percentunit',
          decimals: 1,
          next: 'tools',
          limits: { bad: toolErrorRatio },
          expr: q.share(
            ['lk_agents_tool_calls_total', { ...about, where: { outcome: 'error' } }],
            ['lk_agents_tool_calls_total', about],
          ),
        },
        {
          title: 'Cut off',
          unit: 'percentunit',
          decimals: 1,
          next: 'turn-taking',
          expr: q.share(
            ['lk_agents_turns_total', { ...about, where: { outcome: 'interrupted' } }],
            ['lk_agents_turns_total', about],
          ),
        },
      ],
    }),
    table({
      title: 'Firing',
      description: 'Firing alerts, the newest first. Click an alert for its runbook.',
      width: 9,
      height: 9,
      empty: 'Nothing is firing',
      keys: [
        { label: 'alertname', title: 'Alert', url: runbook.url, wording: runbook.names },
        { label: 'severity', title: 'Severity', width: 75, wording: severityWords },
        { label: 'concerns', title: 'Concerns', width: 175 },
        ...runbook.keys,
      ],
      sortBy: 'For',
      ascending: true,
      columns: [
        {
          title: 'For',
          unit: 's',
          decimals: 0,
          width: 75,
          expr:
            `min by (alertname, severity, concerns, runbook) (` +
            `label_replace(${named}, "runbook", "$1", "alertname", "(.+)"))`,
        },
      ],
    }),
  ];
}

const severityWords = {
  critical: { text: 'critical', colour: 'red' },
  warning: { text: 'warning', colour: 'orange' },
  info: { text: 'info', colour: 'blue' },
};
