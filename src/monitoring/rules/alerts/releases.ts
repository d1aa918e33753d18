import type { AlertRule, RuleContext } from '../rule.ts';
import { failedReasons } from '../slo.ts';
import { before, isNew, versionMeasures } from '../versions.ts';
import { percent } from './figures.ts';
import { lookup } from './lookup.ts';

/** How much slower than its predecessors a version may be, and by how much it has to be more, in seconds. */
export const slower = { factor: 1.2, seconds: 0.1 };
/** How many times as often as its predecessors a version may fail, and by how much it has to be more. */
export const failing = { factor: 2, ratio: 0.1 };
/** Failures of the new version in the hour that are no accident. */
const enoughFailures = 5;

const sameVersion = 'on (agent_name, agent_version)';

/** A measure of new versions that is above that of the versions before by a factor and a difference. Those may be gone. */
function worse(now: string, past: string, factor: number, difference: number): string {
  const fresh = `(${now} and ${sameVersion} ${isNew})`;
  const old = `on (agent_name) group_left () last_over_time(${past}[1d])`;
  return `${fresh} > ${old.replace('last_over', `${factor} * last_over`)} and ${fresh} - ${old} > ${difference}`;
}

const version = '{{ $labels.agent_name }} {{ $labels.agent_version }}';
const reference = (series: string, format: 'humanizeDuration' | 'humanizePercentage'): string =>
  lookup(`last_over_time(${series}{}[1d])`, ['agent_name'], format, [', ', ' before it']);
const board = {
  name: 'releases',
  variables: { agent: '{{ $labels.agent_name }}', version: '{{ $labels.agent_version }}' },
};

/** New versions that do worse than those that were there before them. */
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
      `${worse(versionMeasures[measure], before[measure], failing.factor, failing.ratio)} ` +
      `and ${failures} >= ${enoughFailures}`,
    for: '5m',
    severity: 'warning',
    category: 'release',
    labels: { of },
    summary: `${version}: {{ $value | humanizePercentage }} of its ${what}${reference(before[measure], 'humanizePercentage')}`,
    description:
      `Over the last hour the new version's share is more than ${failing.factor} times, and ${percent(failing.ratio)} of all above, ` +
      'that of the versions that were there before it.',
    board,
  });
  return [
    {
      alert: 'LiveKitAgentNewVersionSlower',
      expr: worse(versionMeasures.latency, before.latency, slower.factor, slower.seconds),
      for: '10m',
      severity: 'warning',
      category: 'release',
      summary: `${version}: p95 of turn latency is {{ $value | humanizeDuration }}${reference(before.latency, 'humanizeDuration')}`,
      description:
        "Over the last hour the new version's p95 is more than 1.2 times, and 100 ms above, that of the versions that were " +
        'there before it.',
      board,
    },
    failure('sessions', 'sessionErrors', failedSessions, 'sessions failed or crashed'),
    failure('tools', 'toolErrors', failedCalls, 'tool calls failed'),
  ];
}
