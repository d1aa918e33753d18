import { baseline, measures } from '../baselines.ts';
import type { AlertRule } from '../rule.ts';
import { usual } from './figures.ts';
import { lookup } from './lookup.ts';

/** How many times its past a latency may be, and by how much it has to be more, in seconds. */
export const worse = { factor: 1.3, seconds: 0.15 };

/** Minutes of the hour a week ago that need to have a figure. */
const enoughMinutes = 20;

/** A latency above its past by a factor, and by enough to be felt. */
const above = (now: string, past: string): string =>
  `${now} > ${worse.factor} * ${past} and ${now} - ${past} > ${worse.seconds}`;

const lastWeek = `${measures.turnLatency}[1h] offset 167h30m`;

const ofAgent = (name: string) => ({ name, variables: { agent: '{{ $labels.agent_name }}' } });

/** Latencies that are worse than they used to be, whatever the objective says. */
export const regressions = (): AlertRule[] => [
  {
    alert: 'LiveKitAgentTurnLatencyRegression',
    expr: above(measures.turnLatency, baseline('turnLatency')),
    for: '10m',
    severity: 'warning',
    category: 'latency',
    summary: `{{ $labels.agent_name }}: p95 of turn latency is {{ $value | humanizeDuration }}; ${usual('turnLatency', ['agent_name'], 'humanizeDuration')} is usual`,
    description:
      'The p95 over the last 30 minutes is more than 1.3 times, and 150 ms above, the median of the last seven days.',
    board: ofAgent('latency'),
  },
  {
    alert: 'LiveKitAgentTurnLatencyAboveLastWeek',
    expr:
      `${above(`avg_over_time(${measures.turnLatency}[30m])`, `avg_over_time(${lastWeek})`)} ` +
      `and count_over_time(${lastWeek}) >= ${enoughMinutes}`,
    for: '30m',
    severity: 'warning',
    category: 'latency',
    summary: `{{ $labels.agent_name }}: p95 of turn latency is {{ $value | humanizeDuration }}${lookup(
      `avg_over_time(${measures.turnLatency}{}[1h] offset 167h30m)`,
      ['agent_name'],
      'humanizeDuration',
      ['; it was ', ' at this time last week'],
    )}`,
    description:
      'The p95 is more than 1.3 times, and 150 ms above, what it was a week ago at this time of day: not the daily rhythm.',
    board: ofAgent('latency'),
  },
  {
    alert: 'LiveKitAgentModelLatencyRegression',
    expr: above(`${measures.component}{component!="stt"}`, baseline('component')),
    for: '10m',
    severity: 'warning',
    category: 'latency',
    summary: `{{ $labels.component }} {{ $labels.model_provider }}/{{ $labels.model_name }}: p95 is {{ $value | humanizeDuration }}; ${usual('component', ['component', 'model_provider', 'model_name'], 'humanizeDuration')} is usual`,
    description:
      'The p95 of the time to the first token or audio over the last 30 minutes is more than 1.3 times, and 150 ms above, ' +
      'the median of the last seven days.',
    board: {
      name: 'models',
      variables: { provider: '{{ $labels.model_provider }}', model: '{{ $labels.model_name }}' },
    },
  },
  {
    alert: 'LiveKitAgentModelLatencyRegression',
    expr: above(`${measures.component}{component="stt"}`, baseline('component')),
    for: '10m',
    severity: 'warning',
    category: 'latency',
    // As the expression has it; two rules of one name need to differ in their labels.
    labels: { component: 'stt' },
    summary: `stt of {{ $labels.agent_name }}: p95 of the transcription delay is {{ $value | humanizeDuration }}; ${usual('component', ['component', 'agent_name'], 'humanizeDuration')} is usual`,
    description:
      'The p95 of the transcription delay over the last 30 minutes is more than 1.3 times, and 150 ms above, the median of ' +
      'the last seven days. The SDK does not say of which model a delay is.',
    board: ofAgent('latency'),
  },
];
