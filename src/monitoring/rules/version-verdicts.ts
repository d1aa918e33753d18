import { failing, slower } from './alerts/releases.ts';
import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';
import { failedReasons } from './slo.ts';
import { enough, enoughForP95, present, seen, versionMeasures } from './versions.ts';

/** What `versionMeasures` are of the agent's other versions, taken together. */
export const siblingMeasures: Readonly<Record<keyof typeof versionMeasures, string>> = {
  latency: 'version:lk_agents_turn_e2e_latency_seconds:siblings_p95_1h',
  sessionErrors: 'version:lk_agents_session_errors:siblings_ratio_1h',
  toolErrors: 'version:lk_agents_tool_errors:siblings_ratio_1h',
};

/**
 * 1 for a version that does worse than the agent's other versions, -1 for one that does better,
 * 0 for one that does neither; by the limits of the alerts on new versions.
 */
export const verdict = 'version:lk_agents_version:verdict_1h';

/** When a version was seen for the first time, in seconds since 1970; forgotten once it has been away for a week. */
export const firstSeen = 'version:lk_agents_version:first_seen';

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

  /** Where the first is above the second, by a factor and by a difference. */
  const above = (one: string, other: string, factor: number, difference: number) =>
    `(${one} > ${factor} * ${other} and ${one} - ${other} > ${difference})`;
  const pairs = (Object.keys(siblingMeasures) as (keyof typeof siblingMeasures)[]).map((measure) => {
    const { factor, difference } =
      measure === 'latency'
        ? { factor: slower.factor, difference: slower.seconds }
        : { factor: failing.factor, difference: failing.ratio };
    return { one: versionMeasures[measure], other: siblingMeasures[measure], factor, difference };
  });
  const worse = pairs.map(({ one, other, factor, difference }) => above(one, other, factor, difference));
  const better = pairs.map(({ one, other, factor, difference }) => above(other, one, factor, difference));
  const compared = pairs.map(({ one, other }) => `(${one} and ${other})`);
  const any = (exprs: readonly string[]) => `group by (agent_name, agent_version) (${exprs.join(' or ')})`;

  return [
    {
      name: 'talkgauge-version-verdicts',
      interval: '1m',
      rules: [
        {
          record: siblingMeasures.latency,
          expr:
            `(histogram_quantile(0.95, ${siblings(q.bucketCounts(e2e, all), q.bucketCounts(e2e, own), 'agent_name, le')}) >= 0) ` +
            `and (${siblings(q.count(e2e, all), q.count(e2e, own))}) >= ${enoughForP95}`,
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
          expr: `${any(worse)} or -1 * ${any(better)} or 0 * ${any(compared)}`,
        },
        {
          record: firstSeen,
          expr: `min_over_time(${seen}[7d]) and on (agent_name, agent_version) ${present}`,
        },
      ],
    },
  ];
}
