import { percent } from '../../markdown.ts';
import { baseline, measures } from '../baselines.ts';
import type { AlertRule, RuleContext } from '../rule.ts';
import { failedReasons } from '../slo.ts';
import { failing, isNew, previousMeasures, slower, versionMeasures } from '../versions.ts';
import { baselineText, queryTemplate } from './templates.ts';

/** How many times its past a latency may be, and by how much it has to be more, in seconds. */
export const worse = { factor: 1.3, seconds: 0.15 };

/** Minutes of the hour a week ago that need to have a figure. */
const enoughMinutes = 20;

/** A latency above its baseline by a factor and a noticeable difference. */
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
    summary: `{{ $labels.agent_name }}: p95 of turn latency is {{ $value | humanizeDuration }}; the 7-day median is ${baselineText('turnLatency', ['agent_name'], 'humanizeDuration')}`,
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
    summary: `{{ $labels.agent_name }}: p95 of turn latency is {{ $value | humanizeDuration }}${queryTemplate(
      `avg_over_time(${measures.turnLatency}{}[1h] offset 167h30m)`,
      ['agent_name'],
      'humanizeDuration',
      ['; it was ', ' at this time last week'],
    )}`,
    description:
      'The p95 is more than 1.3 times, and 150 ms above, what it was a week ago at this time of day: this excludes the daily pattern.',
    board: ofAgent('latency'),
  },
  {
    alert: 'LiveKitAgentModelLatencyRegression',
    expr: above(`${measures.component}{component!="stt"}`, baseline('component')),
    for: '10m',
    severity: 'warning',
    category: 'latency',
    summary: `{{ $labels.component }} {{ $labels.model_provider }}/{{ $labels.model_name }}: p95 is {{ $value | humanizeDuration }}; the 7-day median is ${baselineText('component', ['component', 'model_provider', 'model_name'], 'humanizeDuration')}`,
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
    summary: `stt of {{ $labels.agent_name }}: p95 of the transcription delay is {{ $value | humanizeDuration }}; the 7-day median is ${baselineText('component', ['component', 'agent_name'], 'humanizeDuration')}`,
    description:
      'The p95 of the transcription delay over the last 30 minutes is more than 1.3 times, and 150 ms above, the median of ' +
      'the last seven days. The SDK does not report the STT model of a delay.',
    board: ofAgent('latency'),
  },
];

/** Minimum number of failures of the new version in the hour. */
const enoughFailures = 5;

const sameVersion = 'on (agent_name, agent_version)';

/** A measure of new versions that is above that of the versions before by a factor and a difference. Those may be gone. */
function worseThanBefore(now: string, past: string, factor: number, difference: number): string {
  const fresh = `(${now} and ${sameVersion} ${isNew})`;
  const old = `on (agent_name) group_left () last_over_time(${past}[1d])`;
  return `${fresh} > ${old.replace('last_over', `${factor} * last_over`)} and ${fresh} - ${old} > ${difference}`;
}

const version = '{{ $labels.agent_name }} {{ $labels.agent_version }}';
const reference = (series: string, format: 'humanizeDuration' | 'humanizePercentage'): string =>
  queryTemplate(`last_over_time(${series}{}[1d])`, ['agent_name'], format, [', ', ' before it']);
const board = {
  name: 'releases',
  variables: { agent: '{{ $labels.agent_name }}', version: '{{ $labels.agent_version }}' },
};

/** New versions that regress compared with the previous ones. */
export function releases({ q }: RuleContext): AlertRule[] {
  const hour = { by: ['agent_name', 'agent_version'], window: '1h' } as const;
  const failedSessions = q.increase('lk_agents_sessions_total', {
    ...hour,
    where: { close_reason: { re: failedReasons } },
  });
  const failedCalls = q.increase('lk_agents_tool_calls_total', { ...hour, where: { outcome: 'error' } });
  const failure = (
    of: 'sessions' | 'tools',
    measure: 'sessionErrors' | 'toolErrors',
    failures: string,
    what: string,
  ): AlertRule => ({
    alert: 'LiveKitAgentNewVersionFailing',
    expr:
      `${worseThanBefore(versionMeasures[measure], previousMeasures[measure], failing.factor, failing.ratio)} ` +
      `and ${failures} >= ${enoughFailures}`,
    for: '5m',
    severity: 'warning',
    category: 'release',
    labels: { of },
    summary: `${version}: {{ $value | humanizePercentage }} of its ${what}${reference(previousMeasures[measure], 'humanizePercentage')}`,
    description:
      `Over the last hour the new version's share is more than ${failing.factor} times, and ${percent(failing.ratio)} of all above, ` +
      'that of the previous versions.',
    board,
  });
  return [
    {
      alert: 'LiveKitAgentNewVersionSlower',
      expr: worseThanBefore(versionMeasures.latency, previousMeasures.latency, slower.factor, slower.seconds),
      for: '10m',
      severity: 'warning',
      category: 'release',
      summary: `${version}: p95 of turn latency is {{ $value | humanizeDuration }}${reference(previousMeasures.latency, 'humanizeDuration')}`,
      description:
        "Over the last hour the new version's p95 is more than 1.2 times, and 100 ms above, that of the previous versions.",
      board,
    },
    failure('sessions', 'sessionErrors', failedSessions, 'sessions failed or crashed'),
    failure('tools', 'toolErrors', failedCalls, 'tool calls failed'),
  ];
}
