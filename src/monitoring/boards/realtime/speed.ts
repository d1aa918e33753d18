import type { BoardContext, Row } from '../house/board.ts';
import { exemplars, percentileColours, percentiles } from '../house/percentiles.ts';
import { timeseries } from '../house/timeseries.ts';

const firstAudio = 'lk_agents_realtime_ttft_seconds';
const silence = 'lk_agents_dead_air_seconds';
const empty = 'No responses of realtime models in this time range';

/** How long callers wait. */
export const speed = ({ q, objectives }: BoardContext): Row => ({
  panels: [
    timeseries({
      title: 'Time to the first audio',
      description:
        'Percentiles of the time from the request of a response to its first audio token. Dots are single responses; click one for its trace.',
      unit: 's',
      width: 8,
      height: 9,
      empty,
      colours: percentileColours,
      legend: ['mean'],
      targets: [...percentiles(q, firstAudio), exemplars(q, firstAudio)],
    }),
    timeseries({
      title: 'Time to the first audio, p95 by model',
      description:
        'Which model is it? If one is slow and others are not, it is its provider; if all are, look at your network.',
      unit: 's',
      width: 8,
      height: 9,
      empty,
      legend: ['mean'],
      targets: [
        {
          expr: q.quantile(0.95, firstAudio, { by: ['model_provider', 'model_name'] }),
          legend: '{{model_provider}} {{model_name}}',
        },
      ],
    }),
    timeseries({
      title: 'Silence after the user, p95 by agent',
      description: `What callers hear: realtime models have no measured turn latency, so this is the nearest to it. It holds agents that use realtime models. Beyond ${objectives.deadAir} s it is dead air.`,
      unit: 's',
      width: 8,
      height: 9,
      empty: 'No silences of agents with realtime models in this time range',
      limit: objectives.deadAir,
      legend: ['mean'],
      next: 'turn-taking',
      targets: [
        {
          expr: `(${q.quantile(0.95, silence, { by: ['agent_name'], where: { after: 'user' } })}) and on (agent_name) ${q.rate('lk_agents_realtime_requests_total', { by: ['agent_name'] })}`,
          legend: '{{agent_name}}',
        },
      ],
    }),
  ],
});
