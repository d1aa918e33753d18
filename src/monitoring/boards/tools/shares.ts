import type { Queries } from '../../promql/queries.ts';

interface About {
  by?: readonly ('agent_name' | 'agent_version' | 'tool')[];
  window?: string;
}

/** The share of tool calls that failed. */
export const failed = (q: Queries, about: About = {}): string =>
  q.share(
    ['lk_agents_tool_calls_total', { ...about, where: { outcome: 'error' } }],
    ['lk_agents_tool_calls_total', about],
  );

type ByAgent = Omit<About, 'by'> & { by?: readonly ('agent_name' | 'agent_version')[] };

/** The share of turns in which tools ran. */
export const turnsWithTools = (q: Queries, about: ByAgent = {}): string =>
  q.share(['lk_agents_turns_total', { ...about, where: { tools: 'yes' } }], ['lk_agents_turns_total', about]);

/** The share of turn latency that tools are. */
export function shareOfLatency(q: Queries, about: ByAgent = {}): string {
  const segment = 'lk_agents_turn_segment_seconds_total';
  return q.share([segment, { ...about, where: { segment: 'tools' } }], [segment, about]);
}
