import type { Queries } from '../../promql/queries.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { perMinute } from '../house/per-minute.ts';
import { timeseries } from '../house/timeseries.ts';

type Requests = 'lk_agents_llm_requests_total' | 'lk_agents_tts_requests_total';

/** All providers and models, whichever the reader has chosen: a share of the chosen ones would say nothing. */
const anyModel = { model_provider: { re: '.*' }, model_name: { re: '.*' } } as const;

/** A provider's share of the requests of each version of an agent. */
const servedBy = (q: Queries, requests: Requests): string => {
  const version = ['agent_name', 'agent_version'] as const;
  const all = q.rate(requests, { by: version, where: anyModel });
  const each = q.rate(requests, { by: [...version, 'model_provider'] });
  return `${each} / on (agent_name, agent_version) group_left () (${all} > 0)`;
};

/** The share of requests that did not go to the provider which serves most of the version's. */
export function bySecondProvider(q: Queries, requests: Requests, window: string): string {
  const each = q.rate(requests, {
    by: ['agent_name', 'agent_version', 'model_provider'],
    where: anyModel,
    window,
  });
  const all = q.rate(requests, { where: anyModel, window });
  return `1 - sum(max by (agent_name, agent_version) (${each})) / (${all} > 0)`;
}

const served = (q: Queries, what: 'LLM' | 'TTS', requests: Requests) =>
  timeseries({
    title: `Who serves ${what} requests`,
    description:
      'Share of the requests of each version by provider. A version with a second line has a fallback at work, or agents with different models; if the second takes over, the first one fails.',
    unit: 'percentunit',
    width: 12,
    max: 1,
    empty: `No ${what} requests in this time range`,
    legend: ['lastNotNull'],
    legendAt: 'right',
    targets: [
      { expr: servedBy(q, requests), legend: '{{agent_name}} {{agent_version}}: {{model_provider}}' },
    ],
  });

const reported = (q: Queries, recoverable: 'true' | 'false') =>
  perMinute.of(
    q.rate('lk_agents_errors_total', { by: ['component', 'model_provider'], where: { recoverable } }),
  );

/** What happens when a request fails: it is tried again, by the same provider or by another one. */
export const fallbacks = ({ q }: BoardContext): Row => ({
  title: 'Retries and fallbacks',
  panels: [
    timeseries({
      title: 'Tried again',
      description:
        'Errors after which the SDK went on to try again: callers only waited longer. "unknown" is what stands before several models, such as a fallback adapter. A rise announces an outage.',
      unit: perMinute.unit,
      width: 12,
      reach: 1,
      empty: 'No error after which the SDK tried again in this time range',
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [{ expr: reported(q, 'true'), legend: '{{component}} {{model_provider}}' }],
    }),
    timeseries({
      title: 'Given up',
      description:
        'Errors that nothing could be done about: the caller got no answer, or the session ended. "unknown" is what stands before several models: if it gives up, all of them failed. An STT shows here only.',
      unit: perMinute.unit,
      width: 12,
      reach: 1,
      empty: 'No error that was final in this time range',
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [{ expr: reported(q, 'false'), legend: '{{component}} {{model_provider}}' }],
    }),
    served(q, 'LLM', 'lk_agents_llm_requests_total'),
    served(q, 'TTS', 'lk_agents_tts_requests_total'),
  ],
});
