import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';
import { failedReasons } from './slo.ts';

/** The measures that are compared between the versions of an agent, over the last hour. */
export const versionMeasures = {
  latency: 'version:lk_agents_turn_e2e_latency_seconds:p95_1h',
  sessionErrors: 'version:lk_agents_session_errors:ratio_1h',
  toolErrors: 'version:lk_agents_tool_errors:ratio_1h',
} as const;

/** The same of all versions of an agent together that are not new. */
export const previousMeasures = {
  latency: 'agent:lk_agents_turn_e2e_latency_seconds:p95_1h_before',
  sessionErrors: 'agent:lk_agents_session_errors:ratio_1h_before',
  toolErrors: 'agent:lk_agents_tool_errors:ratio_1h_before',
} as const;

/** 1 for every version that reports. */
export const present = 'version:lk_agents_version:present';
/** The time, in unix seconds, for every version that reports: its least value is when the version came. */
const seen = 'version:lk_agents_version:seen';
/** 1 for versions that have come within the last hours, beside or in place of one that was there before them. */
export const isNew = 'version:lk_agents_version:new';

/**
 * For how long a version is new, in hours. Who deploys several times a day still has a version that is older each morning,
 * to compare the day's versions with.
 */
const newForHours = 6;

/** Versions that were first seen within so many minutes of each other came together; none is new. */
const sameTimeMinutes = 5;

/** Sessions or calls in the hour below which a version is not judged. */
const enough = 20;
/** Turns below which a p95 is not judged: five of a hundred are above it. */
const enoughForP95 = 100;

/** The maximum factor between a version's latency and that of its predecessors, and the minimum difference in seconds. */
export const slower = { factor: 1.2, seconds: 0.1 };
/** The maximum factor between a version's failure share and that of its predecessors, and the minimum difference. */
export const failing = { factor: 2, ratio: 0.1 };

const sameVersion = 'on (agent_name, agent_version)';

/** Comparison of versions: which one is new, its measures, and those of the others. */
export function versions({ q }: RuleContext): RuleGroup<RecordingRule>[] {
  const hour = { by: ['agent_name', 'agent_version'], window: '1h' } as const;
  const turn = 'lk_agents_turn_e2e_latency_seconds';
  const failed = q.increase('lk_agents_sessions_total', {
    ...hour,
    where: { close_reason: { re: failedReasons } },
  });
  const sessions = q.increase('lk_agents_sessions_total', hour);
  const failedCalls = q.increase('lk_agents_tool_calls_total', { ...hour, where: { outcome: 'error' } });
  const calls = q.increase('lk_agents_tool_calls_total', hour);

  const share = (part: string, whole: string): string =>
    `(${part} or 0 * ${whole}) / (${whole} >= ${enough})`;
  /** Sums up the versions that have not been new within the hour that is looked at. */
  const old = (expr: string, by = 'agent_name'): string =>
    `sum by (${by}) (${expr} unless ${sameVersion} last_over_time(${isNew}[1h]))`;

  /** The remembered time when a version was first seen. */
  const first = `min_over_time(${seen}[7d])`;
  return [
    {
      name: 'talkgauge-versions',
      interval: '1m',
      rules: [
        {
          record: present,
          expr: `group by (agent_name, agent_version) (${q.series('lk_agents_sessions_active')})`,
        },
        { record: seen, expr: `${present} * time()` },
        {
          record: isNew,
          expr:
            `${present} and ${sameVersion} ` +
            `(${first} > on (agent_name) group_left () min by (agent_name) (${first}) + ${sameTimeMinutes * 60}) ` +
            `and ${sameVersion} ${first} > time() - ${newForHours * 3600}`,
        },
        {
          record: versionMeasures.latency,
          expr: `(${q.quantile(0.95, turn, hour)}) and ${q.count(turn, hour)} >= ${enoughForP95}`,
        },
        { record: versionMeasures.sessionErrors, expr: share(failed, sessions) },
        { record: versionMeasures.toolErrors, expr: share(failedCalls, calls) },
        {
          record: previousMeasures.latency,
          expr:
            `histogram_quantile(0.95, ${old(q.buckets(turn, hour), 'le, agent_name')}) ` +
            `and ${old(q.count(turn, hour))} >= ${enoughForP95}`,
        },
        { record: previousMeasures.sessionErrors, expr: share(old(failed), old(sessions)) },
        { record: previousMeasures.toolErrors, expr: share(old(failedCalls), old(calls)) },
      ],
    },
  ];
}

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
export const comparisonResult = 'version:lk_agents_version:verdict_1h';

/** When a version was seen for the first time, in seconds since 1970; forgotten once it has been away for a week. */
export const firstSeen = 'version:lk_agents_version:first_seen';

/** Each version against the other versions of its agent, so that a canary is judged by who runs beside it. */
export function versionComparison({ q }: RuleContext): RuleGroup<RecordingRule>[] {
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
          record: comparisonResult,
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
