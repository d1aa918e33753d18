import { baseline, measures } from '../baselines.ts';
import type { AlertRule } from '../rule.ts';

/** How many times its past a latency may be, and by how much it has to be more, in seconds. */
export const worse = { factor: 1.3, seconds: 0.15 };

/** A latency above its past by a factor, and by enough to be felt. */
const above = (now: string, past: string): string =>
  `${now} > ${worse.factor} * ${past} and ${now} - ${past} > ${worse.seconds}`;

/** Latencies that are worse than they used to be, whatever the objective says. */
export const regressions = (): AlertRule[] => [
  {
    alert: 'LiveKitAgentTurnLatencyRegression',
    expr: above(measures.turnLatency, baseline('turnLatency')),
    for: '10m',
    severity: 'warning',
    category: 'latency',
    summary: `{{ $labels.agent_name }}: p95 of turn latency is {{ $value | humanizeDuration }}, {{ with printf "${baseline('turnLatency')}{agent_name='%s'}" $labels.agent_name | query }}{{ . | first | value | humanizeDuration }}{{ end }} is usual`,
    description:
      'The p95 over the last 30 minutes is more than 1.3 times, and 150 ms above, the median of the last seven days.',
    board: { name: 'latency', variables: { agent: '{{ $labels.agent_name }}' } },
  },
  {
    alert: 'LiveKitAgentTurnLatencyAboveLastWeek',
    expr: above(
      `avg_over_time(${measures.turnLatency}[30m])`,
      `avg_over_time(${measures.turnLatency}[1h] offset 167h30m)`,
    ),
    for: '30m',
    severity: 'warning',
    category: 'latency',
    summary: `{{ $labels.agent_name }}: p95 of turn latency is {{ $value | humanizeDuration }}, worse than in this hour of last week`,
    description:
      'The p95 is more than 1.3 times, and 150 ms above, what it was a week ago at this time of day: not the daily rhythm.',
    board: { name: 'latency', variables: { agent: '{{ $labels.agent_name }}' } },
  },
  {
    alert: 'LiveKitAgentModelLatencyRegression',
    expr: above(measures.component, baseline('component')),
    for: '10m',
    severity: 'warning',
    category: 'latency',
    summary: `{{ $labels.component }} {{ with $labels.model_provider }}{{ . }}/{{ $labels.model_name }}{{ else }}of {{ $labels.agent_name }}{{ end }}: p95 is {{ $value | humanizeDuration }}, worse than usual`,
    description:
      'The p95 of the time to the first token or audio (STT: of the transcription delay) over the last 30 minutes is more ' +
      'than 1.3 times, and 150 ms above, the median of the last seven days.',
    board: {
      name: 'models',
      variables: { provider: '{{ $labels.model_provider }}', model: '{{ $labels.model_name }}' },
    },
  },
];
