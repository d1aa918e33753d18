import type { Queries } from '../../promql/queries.ts';

/** What has requests with an outcome, by component; those of an STT have no outcome. */
export const components = [
  { component: 'llm', requests: 'lk_agents_llm_requests_total' },
  { component: 'tts', requests: 'lk_agents_tts_requests_total' },
  { component: 'realtime', requests: 'lk_agents_realtime_requests_total' },
] as const;

type Component = (typeof components)[number];

interface About {
  by?: readonly ('model_provider' | 'model_name' | 'agent_name' | 'agent_version')[];
  window?: string;
}

/** The share of a component's requests that ended so. */
export const requestsThatWere = (
  q: Queries,
  outcome: 'error' | 'cancelled' | 'empty',
  { requests }: Component,
  about: About = {},
): string => q.share([requests, { ...about, where: { outcome } }], [requests, about]);

/** Requests to realtime models. */
export const responsesOf = components[2];
