import type { AlertRule, RuleContext } from '../rule.ts';
import { workerCount } from '../workers.ts';

/** Samples below which refused values are an accident, in an hour, and their number for each turn that spoils the figures. */
const invalid = { samples: 20, perTurn: 0.05 };

/** Samples below which a loss is an accident, in half an hour, and their number for each frame from the jobs. */
const dropped = { samples: 50, perFrame: 0.001 };

/** How long a fleet that has vanished is remembered. Fleets that are removed on purpose are forgotten, too. */
const memory = '7d';

/** Groups of this bundle; Prometheus writes the file before them. */
const ourRules = 'rule_group=~".+;talkgauge-.+"';

/** How many days the objectives look back. */
const objectiveDays = 30;

const health = { name: 'health' };

/** Whether what the boards and the other alerts say can be believed. */
export function telemetry({ q }: RuleContext): AlertRule[] {
  const served = q.series('talkgauge_build_info');
  const refused = q.increase('talkgauge_invalid_samples_total', {
    by: ['agent_name', 'metric', 'reason'],
    // A request that was cancelled before its first token has no time to it: that is no error.
    where: { reason: { not: 'missing' } },
    window: '1h',
  });
  const turns = q.increase('lk_agents_turns_total', { by: ['agent_name'], window: '1h' });
  const half = { by: ['agent_name'], window: '30m' } as const;
  const lost = q.increase('talkgauge_samples_dropped_total', { ...half, by: ['agent_name', 'reason'] });
  const frames = q.increase('talkgauge_relay_frames_total', { ...half, where: { result: 'ok' } });
  const than = (share: number, whole: string) => `<= on (agent_name) group_left () ${share} * ${whole}`;
  return [
    {
      alert: 'TalkgaugeMetricsAbsent',
      // Recorded, because a vanished fleet has no series of its own to be looked up for long.
      expr: `last_over_time(${workerCount}[${memory}]) unless on (agent_name) group by (agent_name) (${served})`,
      for: '10m',
      severity: 'critical',
      category: 'telemetry',
      summary:
        '{{ $labels.agent_name }}: no worker serves metrics any more; there were {{ $value | printf "%.0f" }}',
      description:
        'All workers of the agent are gone, or Prometheus no longer finds them: no other alert about the agent can fire. ' +
        `A fleet that does not come back is forgotten ${memory} after its last metrics.`,
      board: { ...health, variables: { agent: '{{ $labels.agent_name }}' } },
    },
    {
      alert: 'TalkgaugeWorkerDown',
      // `up` has the labels of the target only, so the worker's own series say which one it is.
      expr:
        `group by (job, instance) (present_over_time(${served}[1d])) ` +
        `unless on (job, instance) group by (job, instance) (${served}) and on (job, instance) up == 0`,
      for: '5m',
      severity: 'warning',
      category: 'telemetry',
      summary: 'Worker {{ $labels.instance }} does not answer Prometheus',
      description:
        'The target served metrics within the last day, and scrapes of it fail. One that service discovery has dropped does not count.',
      board: { name: 'workers', variables: { worker: '{{ $labels.instance }}' } },
    },
    {
      alert: 'TalkgaugeRulesFailing',
      expr: `sum by (job, instance, rule_group) (increase(prometheus_rule_evaluation_failures_total{${ourRules}}[15m])) > 0`,
      for: '5m',
      severity: 'warning',
      category: 'telemetry',
      summary:
        'Prometheus {{ $labels.instance }} failed to evaluate rules of {{ $labels.rule_group }} {{ $value | printf "%.0f" }} times in 15m',
      description:
        'What these rules record has gaps, and alerts that read it do not fire. The log of Prometheus says what is wrong.',
      board: health,
    },
    {
      alert: 'TalkgaugeRetentionTooShort',
      // Three days: Prometheus deletes whole blocks, and those of 30 days hold up to 54 hours each.
      expr:
        `(time() - prometheus_tsdb_lowest_timestamp_seconds) / 86400 < ${objectiveDays} ` +
        'and on (job, instance) increase(prometheus_tsdb_size_retentions_total[3d]) > 0 ' +
        `and on (job, instance) group by (job, instance) (prometheus_rule_group_interval_seconds{${ourRules}})`,
      for: '5m',
      severity: 'warning',
      category: 'telemetry',
      summary:
        'Prometheus {{ $labels.instance }} deleted data because of its size limit: {{ $value | printf "%.1f" }} days are left',
      description:
        `Error budgets look back ${objectiveDays} days, and now count fewer without saying so. ` +
        'Raise the size limit, or reduce the number of series.',
      board: health,
    },
    {
      alert: 'TalkgaugeWatchdog',
      expr: 'vector(1)',
      severity: 'none',
      category: 'telemetry',
      summary: 'Prometheus evaluates the rules, and Alertmanager receives alerts',
      description:
        'It always fires. Send it to a service that notifies you when it stops: a failure of Prometheus or Alertmanager is silent otherwise.',
      board: health,
    },
    {
      alert: 'TalkgaugeInvalidSamples',
      expr: `(${refused} >= ${invalid.samples}) unless on (agent_name, metric, reason) (${refused} ${than(invalid.perTurn, turns)})`,
      for: '10m',
      severity: 'warning',
      category: 'telemetry',
      summary:
        '{{ $labels.agent_name }}: {{ $value | printf "%.0f" }} values of {{ $labels.metric }} were refused in the last hour: {{ $labels.reason }}',
      description:
        'The SDK or a plugin reports what cannot be true, for more than 5 % of the turns. The series lacks these samples, and its percentiles may be too good.',
      board: { ...health, variables: { agent: '{{ $labels.agent_name }}' } },
    },
    {
      alert: 'TalkgaugeSamplesDropped',
      expr: `(${lost} >= ${dropped.samples}) unless on (agent_name, reason) (${lost} ${than(dropped.perFrame, frames)})`,
      for: '10m',
      severity: 'warning',
      category: 'telemetry',
      summary:
        '{{ $labels.agent_name }}: {{ $value | printf "%.0f" }} samples were lost in the last 30m: {{ $labels.reason }}',
      description:
        'More than one sample for a thousand frames from the jobs reached no series: figures are too low.',
      board: { ...health, variables: { agent: '{{ $labels.agent_name }}' } },
    },
    {
      alert: 'TalkgaugeLabelOverflow',
      expr: `${q.increase('talkgauge_label_overflow_total', { by: ['label'], window: '1h' })} > 0`,
      for: '10m',
      severity: 'info',
      category: 'telemetry',
      summary:
        'The label {{ $labels.label }} has too many values: {{ $value | printf "%.0f" }} samples went to "other" in the last hour',
      description:
        'A label keeps 200 values (`maxLabelValues`); further ones are counted together as "other".',
      board: health,
    },
  ];
}
