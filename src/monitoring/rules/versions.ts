import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';
import { failedReasons } from './slo.ts';

/** What is compared between the versions of an agent, each over the last hour. */
export const versionMeasures = {
  latency: 'version:lk_agents_turn_e2e_latency_seconds:p95_1h',
  sessionErrors: 'version:lk_agents_session_errors:ratio_1h',
  toolErrors: 'version:lk_agents_tool_errors:ratio_1h',
} as const;

/** The same of all versions of an agent together that are not new. */
export const before = {
  latency: 'agent:lk_agents_turn_e2e_latency_seconds:p95_1h_before',
  sessionErrors: 'agent:lk_agents_session_errors:ratio_1h_before',
  toolErrors: 'agent:lk_agents_tool_errors:ratio_1h_before',
} as const;

/** 1 for every version that reports. */
export const present = 'version:lk_agents_version:present';
/** The time, in unix seconds, for every version that reports: its least value is when the version came. */
export const seen = 'version:lk_agents_version:seen';
/** 1 for versions that have come within the last hours, beside or in place of one that was there before them. */
export const isNew = 'version:lk_agents_version:new';

/**
 * For how long a version is new, in hours. Who deploys several times a day still has a version that is older each morning,
 * to compare the day's versions with.
 */
const newFor = 6;

/** Versions that were first seen within so many minutes of each other came together; none is new. */
const together = 5;

/** Sessions or calls in the hour below which a version is not judged. */
export const enough = 20;
/** Turns below which a p95 is not judged: five of a hundred are above it. */
export const enoughForP95 = 100;

const sameVersion = 'on (agent_name, agent_version)';

/** Versions against each other: which one is new, how each does, and how the others do. */
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

  /** When a version was first seen, of what is remembered. */
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
            `(${first} > on (agent_name) group_left () min by (agent_name) (${first}) + ${together * 60}) ` +
            `and ${sameVersion} ${first} > time() - ${newFor * 3600}`,
        },
        {
          record: versionMeasures.latency,
          expr: `(${q.quantile(0.95, turn, hour)}) and ${q.count(turn, hour)} >= ${enoughForP95}`,
        },
        { record: versionMeasures.sessionErrors, expr: share(failed, sessions) },
        { record: versionMeasures.toolErrors, expr: share(failedCalls, calls) },
        {
          record: before.latency,
          expr:
            `histogram_quantile(0.95, ${old(q.buckets(turn, hour), 'le, agent_name')}) ` +
            `and ${old(q.count(turn, hour))} >= ${enoughForP95}`,
        },
        { record: before.sessionErrors, expr: share(old(failed), old(sessions)) },
        { record: before.toolErrors, expr: share(old(failedCalls), old(calls)) },
      ],
    },
  ];
}
