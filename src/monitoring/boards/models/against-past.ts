import type { Queries } from '../../promql/queries.ts';
import { baseline, measures } from '../../rules/baselines.ts';
import { derived } from '../house/derived.ts';

/** What a board shows until there is a past to compare with. */
export const noPast = 'Needs the recording rules, six hours of past, and 20 requests in half an hour';

/** The p95 of the last half hour over its median of seven days; of models, and of agents for their STT. */
export function againstPast(q: Queries, component: 'llm' | 'tts' | 'realtime' | 'stt'): string {
  const { agent_name, model_provider, model_name } = q.scope.where;
  // The rules have summed up agents, but of STT, whose delay the SDK tells of the agent and not of the model.
  const where =
    component === 'stt'
      ? { component, ...(agent_name && { agent_name }) }
      : { component, ...(model_provider && { model_provider }), ...(model_name && { model_name }) };
  return `${derived(measures.component, where)} / (${derived(baseline('component'), where)} > 0)`;
}
