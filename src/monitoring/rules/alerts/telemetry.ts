import type { AlertRule, RuleContext } from '../rule.ts';

/** Samples below which refused values are an accident, in an hour, and their number for each turn that spoils the figures. */
const invalid = { samples: 20, perTurn: 0.05 };

/** Samples below which a loss is an accident, in half an hour, and their number for each frame from the jobs. */
const dropped = { samples: 50, perFrame: 0.001 };

const health = { name: 'health' };

/** Whether what the boards and the other alerts say can be believed. */
export function telemetry({ q }: RuleContext): AlertRule[] {
  const served = q.series('earshot_build_info');
  const refused = q.increase('earshot_invalid_samples_total', {
    by: ['agent_name', 'metric', 'reason'],
    // A request that was cancelled before its first token has no time to it: that is no error.
    where: { reason: { not: 'missing' } },
    window: '1h',
  });
  const turns = q.increase('lk_agents_turns_total', { by: ['agent_name'], window: '1h' });
  const half = { by: ['agent_name'], window: '30m' } as const;
  const lost = q.increase('earshot_samples_dropped_total', { ...half, by: ['agent_name', 'reason'] });
  const frames = q.increase('earshot_relay_frames_total', { ...half, where: { result: 'ok' } });
  const than = (share: number, whole: string) => `<= on (agent_name) group_left () ${share} * ${whole}`;
  return [
    {
      alert: 'EarshotMetricsAbsent',
      expr: `group(present_over_time(${served}[1d])) unless group(${served})`,
      for: '10m',
      severity: 'critical',
      category: 'telemetry',
      summary: 'No worker serves metrics any more',
      description:
        'There were metrics within the last day, and now there are none: all workers are gone, or Prometheus no longer finds them. ' +
        'No other alert can fire. After a day this one gives up.',
      board: health,
    },
    {
      alert: 'EarshotWorkerDown',
      expr: `up == 0 and on (job, instance) group by (job, instance) (present_over_time(${served}[1d]))`,
      for: '5m',
      severity: 'warning',
      category: 'telemetry',
      summary: 'Worker {{ $labels.instance }} does not answer Prometheus',
      description:
        'The target served metrics within the last day, and scrapes of it fail. One that service discovery has dropped does not count.',
      board: { name: 'workers', variables: { worker: '{{ $labels.instance }}' } },
    },
    {
      alert: 'EarshotInvalidSamples',
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
      alert: 'EarshotSamplesDropped',
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
      alert: 'EarshotLabelOverflow',
      expr: `${q.increase('earshot_label_overflow_total', { by: ['label'], window: '1h' })} > 0`,
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
