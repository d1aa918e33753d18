import type { Objectives } from '../../../catalogue/objectives.ts';
import type { Queries } from '../../promql/queries.ts';

/** By what, and over which range. */
interface About {
  by?: readonly ('agent_name' | 'agent_version')[];
  window?: string;
}

/** The share of the silences after the user spoke that were dead air. */
export const silenceAfterUser = (q: Queries, { deadAir }: Objectives, about: About = {}): string =>
  q.shareAbove(deadAir, 'lk_agents_dead_air_seconds', { ...about, where: { after: 'user' } });

/** The share of the turns that ended so. */
export const turnsThatWere = (q: Queries, outcome: 'interrupted' | 'unanswered', about: About = {}): string =>
  q.share(['lk_agents_turns_total', { ...about, where: { outcome } }], ['lk_agents_turns_total', about]);

/** Times that the agent fell silent for noise, per turn: speeches are not counted, turns are. */
export const falseInterruptions = (q: Queries, about: About = {}): string =>
  q.share(['lk_agents_false_interruptions_total', about], ['lk_agents_turns_total', about]);

/** The agent's share of the time in which either side spoke. */
export function agentTalks(q: Queries, about: About = {}): string {
  const speaking = { ...about, where: { state: 'speaking' } } as const;
  const agent = `(${q.rate('lk_agents_agent_state_seconds_total', speaking)})`;
  const user = `(${q.rate('lk_agents_user_state_seconds_total', speaking)})`;
  return `${agent} / (${agent} + ${user} > 0)`;
}
