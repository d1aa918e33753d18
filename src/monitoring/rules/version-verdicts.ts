import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';
import { failedReasons } from './slo.ts';
import { present, versionMeasures } from './versions.ts';

/** What `versionMeasures` are of the agent's other versions, taken together. */
export const siblingMeasures: Readonly<Record<keyof typeof versionMeasures, string>> = {
  latency: 'version:lk_agents_turn_e2e_latency_seconds:siblings_p95_1h',
  sessionErrors: 'version:lk_agents_session_errors:siblings_ratio_1h',
  toolErrors: 'version:lk_agents_tool_errors:siblings_ratio_1h',
};

/** 1 for a version that does worse than the agent's other versions, -1 for one that does better, 0 for one that does neither. */
export const verdict = 'version:lk_agents_version:verdict_1h';

/** When a version was seen for the first time, in seconds since 1970; forgotten once it has been away for six days. */
export const firstSeen = 'version:lk_agents_version:first_seen';

/** By how much a version has to differ from its siblings: times and seconds of p95, and shares of sessions and calls. */
export const differs = { factor: 1.2, seconds: 0.15, sessionErrors: 0.05, toolErrors: 0.1 } as const;

/** Turns, sessions or calls of the siblings in the hour below which there is nothing to compare with. */
const enough = 20;

/** Each version against the other versions of its agent, so that a canary is judged by who runs beside it. */
export function versionVerdicts({ q }: RuleContext): RuleGroup<RecordingRule>[] {
  const own = { by: ['agent_name', 'agent_version'], window: '1h' } as const;
  const all = { by: ['agent_name'], window: '1h' } as const;
  const e2e = 'lk_agents_turn_e2e_latency_seconds';
  const failed = { close_reason: { re: failedReasons } } as const;

  /** What is left of all versions without this one. */
  const siblings = (whole: string, part: string, on = 'agent_name') =>
    `(${whole}) - on (${on}) group_right () (${part})`;
  const sessions = siblings(
    q.increase('lk_agents_sessions_total', all),
    q.increase('lk_agents_sessions_total', own),
  );
  const calls = siblings(
    q.increase('lk_agents_tool_calls_total', all),
    q.increase('lk_agents_tool_calls_total', own),
  );
  /** A count that is 0, not nothing, where there was nothing to count. */
  const filled = (count: string, of: string) => `(${count} or 0 * ${of})`;
  const failedSessions = (about: typeof own | typeof all) =>
    filled(
      q.increase('lk_agents_sessions_total', { ...about, where: failed }),
      q.increase('lk_agents_sessions_total', about),
    );
  const failedCalls = (about: typeof own | typeof all) =>
    filled(
      q.increase('lk_agents_tool_calls_total', { ...about, where: { outcome: 'error' } }),
      q.increase('lk_agents_tool_calls_total', about),
    );
  // Rounding may leave a share of nothing slightly below 0.
  const share = (part: string, whole: string) => `clamp((${part}) / ((${whole}) >= ${enough}), 0, 1)`;

  const { factor, seconds } = differs;
  const more = (measure: 'sessionErrors' | 'toolErrors') =>
    `${versionMeasures[measure]} - ${siblingMeasures[measure]} > ${differs[measure]}`;
  const less = (measure: 'sessionErrors' | 'toolErrors') =>
    `${siblingMeasures[measure]} - ${versionMeasures[measure]} > ${differs[measure]}`;
  const slower = `(${versionMeasures.latency} > ${factor} * ${siblingMeasures.latency} and ${versionMeasures.latency} - ${siblingMeasures.latency} > ${seconds})`;
  const faster = `(${siblingMeasures.latency} > ${factor} * ${versionMeasures.latency} and ${siblingMeasures.latency} - ${versionMeasures.latency} > ${seconds})`;
  const compared = (['latency', 'sessionErrors', 'toolErrors'] as const)
    .map((measure) => `(${versionMeasures[measure]} and ${siblingMeasures[measure]})`)
    .join(' or ');
  const versions = (expr: string) => `group by (agent_name, agent_version) (${expr})`;

  return [
    {
      name: 'earshot-version-verdicts',
      interval: '1m',
      rules: [
        {
          record: siblingMeasures.latency,
          expr:
            `(histogram_quantile(0.95, ${siblings(q.bucketCounts(e2e, all), q.bucketCounts(e2e, own), 'agent_name, le')}) >= 0) ` +
            `and (${siblings(q.count(e2e, all), q.count(e2e, own))}) >= ${enough}`,
        },
        {
          record: siblingMeasures.sessionErrors,
          expr: share(siblings(failedSessions(all), failedSessions(own)), sessions),
        },
        {
          record: siblingMeasures.toolErrors,
          expr: share(siblings(failedCalls(all), failedCalls(own)), calls),
        },
        {
          record: verdict,
          expr:
            `${versions(`${slower} or ${more('sessionErrors')} or ${more('toolErrors')}`)} ` +
            `or -1 * ${versions(`${faster} or ${less('sessionErrors')} or ${less('toolErrors')}`)} ` +
            `or 0 * ${versions(compared)}`,
        },
        {
          record: firstSeen,
          expr: `(last_over_time(${firstSeen}[6d]) or time() * ${present}) and on (agent_name, agent_version) ${present}`,
        },
      ],
    },
  ];
}
