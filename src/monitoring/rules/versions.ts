import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';
import { failedReasons } from './slo.ts';

/** What is compared between the versions of an agent, each over the last hour. */
export const versionMeasures = {
  latency: 'version:lk_agents_turn_e2e_latency_seconds:p95_1h',
  sessionErrors: 'version:lk_agents_session_errors:ratio_1h',
  toolErrors: 'version:lk_agents_tool_errors:ratio_1h',
} as const;

/** 1 for every version that reports. */
export const present = 'version:lk_agents_version:present';
/** 1 for versions that were not there a day ago, of agents that were. */
export const isNew = 'version:lk_agents_version:new';

/** Turns, sessions or calls in the hour below which a version is not judged. */
const enough = 20;

/** Versions against each other: which one is new, and how each does. */
export function versions({ q }: RuleContext): RuleGroup<RecordingRule>[] {
  const hour = { by: ['agent_name', 'agent_version'], window: '1h' } as const;
  return [
    {
      name: 'earshot-versions',
      interval: '1m',
      rules: [
        {
          record: present,
          expr: `group by (agent_name, agent_version) (${q.series('lk_agents_sessions_active')})`,
        },
        {
          record: isNew,
          expr:
            `(${present} unless on (agent_name, agent_version) last_over_time(${present}[6d] offset 1d)) ` +
            `and on (agent_name) last_over_time(${present}[6d] offset 1d)`,
        },
        {
          record: versionMeasures.latency,
          expr: `(${q.quantile(0.95, 'lk_agents_turn_e2e_latency_seconds', hour)}) and ${q.count('lk_agents_turn_e2e_latency_seconds', hour)} >= ${enough}`,
        },
        {
          record: versionMeasures.sessionErrors,
          expr: `(${q.share(
            ['lk_agents_sessions_total', { ...hour, where: { close_reason: { re: failedReasons } } }],
            ['lk_agents_sessions_total', hour],
          )}) and ${q.increase('lk_agents_sessions_total', hour)} >= ${enough}`,
        },
        {
          record: versionMeasures.toolErrors,
          expr: `(${q.share(
            ['lk_agents_tool_calls_total', { ...hour, where: { outcome: 'error' } }],
            ['lk_agents_tool_calls_total', hour],
          )}) and ${q.increase('lk_agents_tool_calls_total', hour)} >= ${enough}`,
        },
      ],
    },
  ];
}
