import { gatewayQueries } from '../../promql/gateway-queries.ts';
import type { AlertRule, RuleContext } from '../rule.ts';
import { workerCount } from '../workers.ts';

/** Samples below which refused values are an accident, in an hour, and their number for each turn that spoils the figures. */
const invalidLimits = { samples: 20, perTurn: 0.05 };

/** Samples below which a loss is an accident, in half an hour, and their number for each frame from the jobs. */
const dropLimits = { samples: 50, perFrame: 0.001 };

/** How long a missing fleet is remembered. Fleets that are removed on purpose are forgotten after it, too. */
const absenceMemory = '7d';

/** Groups of this bundle; Prometheus writes the file before them. */
export const talkgaugeRules = 'rule_group=~".+;talkgauge-.+"';

/** How many days the objectives look back. */
const objectiveDays = 30;

/** Share of the evaluations of a group that Prometheus may leave out: windows of ten minutes still have nine samples of ten. */
const missedRatio = 0.1;

const iterations = (what: 'total' | 'missed_total'): string =>
  `sum by (job, instance, rule_group) (increase(prometheus_rule_group_iterations_${what}{${talkgaugeRules}}[30m]))`;

const health = { name: 'health' };

const rulesFailing = {
  alert: 'TalkgaugeRulesFailing',
  for: '5m',
  severity: 'warning',
  category: 'telemetry',
  board: health,
} as const;

/** Whether the data of the boards and the other alerts is reliable. */
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
      expr: `last_over_time(${workerCount}[${absenceMemory}]) unless on (agent_name) group by (agent_name) (${served})`,
      for: '10m',
      severity: 'critical',
      category: 'telemetry',
      summary:
        '{{ $labels.agent_name }}: no worker serves metrics any more; there were {{ $value | printf "%.0f" }}',
      description:
        'All workers of the agent are gone, or Prometheus no longer discovers them. No other alert about the agent can fire. ' +
        `The alert resolves ${absenceMemory} after the last metrics of the fleet.`,
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
        'The target served metrics within the last day, and scrapes of it fail. Targets that service discovery removed are ignored.',
      board: { name: 'workers', variables: { worker: '{{ $labels.instance }}' } },
    },
    {
      ...rulesFailing,
      expr: `sum by (job, instance, rule_group) (increase(prometheus_rule_evaluation_failures_total{${talkgaugeRules}}[15m])) > 0`,
      labels: { what: 'failed' },
      summary:
        'Prometheus {{ $labels.instance }} failed to evaluate rules of {{ $labels.rule_group }} {{ $value | printf "%.0f" }} times in 15m',
      description:
        'Series recorded by these rules have gaps, and alerts that read them do not fire. The Prometheus log contains the error.',
    },
    {
      ...rulesFailing,
      // Prometheus counts what it left out among the iterations.
      expr: `${iterations('missed_total')} / ${iterations('total')} > ${missedRatio}`,
      labels: { what: 'missed' },
      summary:
        'Prometheus {{ $labels.instance }} left out {{ $value | humanizePercentage }} of the evaluations of {{ $labels.rule_group }} in 30m',
      description:
        'The group takes longer than its interval, or Prometheus stood still. Series recorded by these rules have gaps, and alerts fire late or not at all.',
    },
    {
      alert: 'TalkgaugeRetentionTooShort',
      // Three days: Prometheus deletes whole blocks, and those of 30 days hold up to 54 hours each.
      expr:
        `(time() - prometheus_tsdb_lowest_timestamp_seconds) / 86400 < ${objectiveDays} ` +
        'and on (job, instance) increase(prometheus_tsdb_size_retentions_total[3d]) > 0 ' +
        `and on (job, instance) group by (job, instance) (prometheus_rule_group_interval_seconds{${talkgaugeRules}})`,
      for: '5m',
      severity: 'warning',
      category: 'telemetry',
      summary:
        'Prometheus {{ $labels.instance }} deleted data because of its size limit: {{ $value | printf "%.1f" }} days are left',
      description:
        `Error budgets look back ${objectiveDays} days, but fewer days of data are left. ` +
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
        'This alert always fires. Send it to a heartbeat service that notifies you when it stops. Otherwise a failure of Prometheus or Alertmanager is silent.',
      board: health,
    },
    {
      alert: 'TalkgaugeInvalidSamples',
      expr: `(${refused} >= ${invalidLimits.samples}) unless on (agent_name, metric, reason) (${refused} ${than(invalidLimits.perTurn, turns)})`,
      for: '10m',
      severity: 'warning',
      category: 'telemetry',
      summary:
        '{{ $labels.agent_name }}: {{ $value | printf "%.0f" }} values of {{ $labels.metric }} were rejected in the last hour: {{ $labels.reason }}',
      description:
        'The SDK or a plugin reports invalid values, for more than 5 % of the turns. The series lacks these samples, so its percentiles may be too low.',
      board: { ...health, variables: { agent: '{{ $labels.agent_name }}' } },
    },
    {
      alert: 'TalkgaugeSamplesDropped',
      expr: `(${lost} >= ${dropLimits.samples}) unless on (agent_name, reason) (${lost} ${than(dropLimits.perFrame, frames)})`,
      for: '10m',
      severity: 'warning',
      category: 'telemetry',
      summary:
        '{{ $labels.agent_name }}: {{ $value | printf "%.0f" }} samples were dropped in the last 30m: {{ $labels.reason }}',
      description:
        'More than one sample per thousand frames from jobs did not reach a series. Values are too low.',
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
      description: 'A label keeps 200 values (`maxLabelValues`). Further values are counted as "other".',
      board: health,
    },
  ];
}

const { increase } = gatewayQueries;

/** Minimum number of uploads refused for one reason in 15 minutes. */
const minRefused = 5;

/** Minimum number of unauthorized requests of readers in 15 minutes. */
const unauthorizedReads = 50;

/**
 * Refusals of uploads with a valid token, except `aborted`, which the job causes. `unauthorized` and `redirected` are
 * counted before authentication: anybody who reaches the port can increase them.
 */
const alertedReasons = [
  'rate_limited',
  'too_large',
  'too_slow',
  'encoding',
  'spool_full',
  'disk_full',
  'internal_error',
] as const;

/** Whether the gateway is up, accepts uploads, forwards them, and refuses unauthorized readers. */
export function gateway(): AlertRule[] {
  const to = ['job', 'instance', 'destination'] as const;
  const turnedAway = increase('talkgauge_gateway_refused_total', {
    by: ['job', 'instance', 'reason'],
    where: { reason: alertedReasons },
    window: '15m',
  });
  const lost = increase('talkgauge_gateway_forwarded_total', {
    by: [...to, 'result'],
    where: { result: ['rejected', 'dropped'] },
    window: '30m',
  });
  const failed = increase('talkgauge_gateway_forward_failures_total', { by: to, window: '15m' });
  const taken = increase('talkgauge_gateway_forwarded_total', {
    by: to,
    where: { result: ['ok'] },
    window: '15m',
  });
  const reads = increase('talkgauge_gateway_read_refused_total', {
    by: ['job', 'instance'],
    where: { reason: ['unauthorized', 'rate_limited'] },
    window: '15m',
  });
  const shared = { severity: 'warning', category: 'telemetry', board: { name: 'health' } } as const;
  const notForwarding = { ...shared, alert: 'TalkgaugeGatewayNotForwarding' };
  return [
    {
      ...shared,
      alert: 'TalkgaugeGatewayDown',
      expr: 'up == 0 and on (job, instance) group by (job, instance) (present_over_time(talkgauge_gateway_sessions[1d]))',
      for: '5m',
      summary: 'Gateway {{ $labels.instance }} does not answer Prometheus',
      description:
        'The target was a gateway within the last day, and scrapes of it fail. If the gateway is down, uploads are lost, ' +
        'and a job may take 9 s to end.',
    },
    {
      ...shared,
      alert: 'TalkgaugeGatewayRefusing',
      expr: `${turnedAway} >= ${minRefused}`,
      for: '5m',
      summary:
        'Gateway {{ $labels.instance }} refused {{ $value | printf "%.0f" }} uploads in 15m: {{ $labels.reason }}',
      description:
        'Jobs do not retry refused uploads. Transcripts, traces or recordings of their sessions are lost. ' +
        'Uploads without a valid token are not counted.',
    },
    {
      ...shared,
      alert: 'TalkgaugeGatewayUnauthorizedReads',
      expr: `${reads} > ${unauthorizedReads}`,
      summary:
        'Gateway {{ $labels.instance }} refused {{ $value | printf "%.0f" }} requests without a valid login in 15m',
      description:
        `More than ${unauthorizedReads} requests to the page, the API or /metrics had no valid login: someone is guessing credentials, or a client still ` +
        'sends old ones. All were refused.',
    },
    {
      ...notForwarding,
      expr: `${lost} > 0`,
      labels: { what: 'lost' },
      summary:
        'Gateway {{ $labels.instance }}: {{ $value | printf "%.0f" }} requests to {{ $labels.destination }} were {{ $labels.result }} in 30m',
      description:
        'Their spans, logs and uploads will not reach that backend. rejected: the backend refused them permanently; dropped: the forward queue ' +
        'was full. The sessions remain in the store of the gateway.',
    },
    {
      ...notForwarding,
      // An attempt fails within ten minutes, and is retried within one: if none succeeds, the backlog is not empty.
      expr: `${failed} > 0 unless ${taken} > 0`,
      for: '10m',
      labels: { what: 'waiting' },
      summary:
        'Gateway {{ $labels.instance }}: {{ $labels.destination }} accepted nothing in 15m, {{ $value | printf "%.0f" }} attempts failed',
      description:
        'Requests are queued and retried. The queue for Tempo, Loki and LiveKit Cloud holds `--forward-mb`; beyond it the oldest requests are dropped.',
    },
  ];
}
