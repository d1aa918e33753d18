import { failedReasons } from '../../rules/slo.ts';
import { activeSince, concerned, firing } from '../house/alerts.ts';
import type { BoardContext } from '../house/board.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { runbookLink } from '../house/runbook-link.ts';
import { table } from '../house/table.ts';

const e2e = 'lk_agents_turn_e2e_latency_seconds';

/** Who is it, and what does Prometheus say about it? */
export function agents({ q, objectives, settings }: BoardContext): PanelBuilder[] {
  const { turnLatency, sessionSuccess, toolErrorRatio } = objectives;
  const about = { by: ['agent_name'], window: '$__range' } as const;
  const runbook = runbookLink(settings);
  const since = `time() - (${activeSince} and ignoring (alertstate) ${firing()})`;
  // Labels that an alert does not have leave spaces, which Grafana takes for a zero.
  const joined = `label_join(${since}, "concerns", " ", ${concerned.map((label) => `"${label}"`).join(', ')})`;
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
      description:
        'What is firing, the newest first. Click an alert for its runbook: what it means, how to find the cause, what to do.',
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
