import { percent } from '../markdown.ts';
import { worse } from '../rules/alerts/regressions.ts';
import type { BoardContext, BoardSpec, Row } from './panels/board.ts';
import { stat, timeseries } from './panels/charts.ts';
import {
  exemplars,
  percentileColours,
  percentiles,
  realtimeResponses,
  relativeToBaseline,
  requestShare,
} from './panels/queries.ts';
import { table } from './panels/table.ts';
import { connections, responses, reusedConnections, tokens } from './realtime/responses.ts';

/** Speech-to-speech models: no separate STT and TTS, and no measured turn latency. */
export const realtime: BoardSpec = {
  name: 'realtime',
  description: 'Do realtime models answer fast, every time, over connections that hold?',
  filters: ['provider', 'model'],
  rows: (context) => [
    summary(context),
    responseLatency(context),
    comparison(context),
    responses(context),
    connections(context),
    tokens(context),
  ],
};

const noResponses = 'No responses of realtime models';

/** How fast, how reliable. */
function summary({ q, objectives }: BoardContext): Row {
  const about = { window: '$__range' } as const;
  return {
    panels: [
      stat({
        title: 'First audio, p95',
        description:
          'Time to the first audio token of a response; 95 % were faster. Callers wait for it, and for the end of turn before it, which the model decides itself.',
        unit: 's',
        width: 4,
        empty: noResponses,
        targets: [{ expr: q.quantile(0.95, 'lk_agents_realtime_ttft_seconds', about), as: 'instant' }],
      }),
      stat({
        title: 'First audio, p50',
        description: 'Time to the first audio token of a response; half of them were faster.',
        unit: 's',
        width: 4,
        empty: noResponses,
        targets: [{ expr: q.quantile(0.5, 'lk_agents_realtime_ttft_seconds', about), as: 'instant' }],
      }),
      stat({
        title: 'Failed',
        description: `Share of the responses that failed for good; red from ${percent(objectives.providerErrorRatio)} on. Look at the errors below and at the provider's status page.`,
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: noResponses,
        limits: { bad: objectives.providerErrorRatio },
        targets: [{ expr: requestShare(q, 'error', realtimeResponses, about), as: 'instant' }],
      }),
      stat({
        title: 'Cut off',
        description:
          'Share of the responses that were cancelled, mostly because the user interrupted. Cancelled output is billed, too.',
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: noResponses,
        next: 'turn-taking',
        targets: [{ expr: requestShare(q, 'cancelled', realtimeResponses, about), as: 'instant' }],
      }),
      stat({
        title: 'Connections reused',
        description:
          'Share of the responses that went over a connection that was open already. The others had to open one first: once a session is normal, more of it is connections that break.',
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: 'No connections to realtime models',
        targets: [{ expr: reusedConnections(q, about), as: 'instant' }],
      }),
      stat({
        title: 'Responses',
        description: 'Responses of realtime models in the time range, however they ended.',
        unit: 'locale',
        width: 4,
        decimals: 0,
        empty: noResponses,
        targets: [{ expr: `${q.increase(realtimeResponses.requests, about)} > 0`, as: 'instant' }],
      }),
    ],
  };
}

const firstAudio = 'lk_agents_realtime_ttft_seconds';
const silence = 'lk_agents_dead_air_seconds';
const noResponsesInRange = 'No responses of realtime models in this time range';

/** How long callers wait. */
const responseLatency = ({ q, objectives }: BoardContext): Row => ({
  panels: [
    timeseries({
      title: 'Time to the first audio',
      description:
        'Percentiles of the time from the request of a response to its first audio token. Dots are single responses; click one for its trace.',
      unit: 's',
      width: 8,
      height: 9,
      empty: noResponsesInRange,
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
      empty: noResponsesInRange,
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

/** Realtime models side by side. */
function comparison({ q, objectives }: BoardContext): Row {
  const about = { by: ['model_provider', 'model_name'], window: '$__range' } as const;
  return {
    panels: [
      table({
        title: 'Realtime models compared',
        description:
          'Would another model be better? Red: beyond the objective, or a regression against its own last seven days. Reused: connections. Click a provider to see it alone, a model for what it costs.',
        width: 24,
        height: 6,
        empty: 'No responses of realtime models in this time range',
        keys: [
          { label: 'model_provider', title: 'Provider', link: { board: 'realtime', variable: 'provider' } },
          { label: 'model_name', title: 'Model', link: { board: 'cost', variable: 'model' } },
        ],
        sortBy: 'First audio, p95',
        columns: [
          {
            title: 'Responses',
            width: 100,
            unit: 'locale',
            decimals: 0,
            expr: `${q.increase(realtimeResponses.requests, about)} > 0`,
          },
          {
            title: 'First audio, p50',
            width: 135,
            unit: 's',
            expr: q.quantile(0.5, 'lk_agents_realtime_ttft_seconds', about),
          },
          {
            title: 'First audio, p95',
            width: 145,
            unit: 's',
            expr: q.quantile(0.95, 'lk_agents_realtime_ttft_seconds', about),
          },
          {
            title: 'p95 to usual',
            width: 110,
            unit: 'suffix:×',
            decimals: 2,
            expr: `sum by (model_provider, model_name) (${relativeToBaseline(q, 'realtime')})`,
            limits: { bad: worse.factor },
          },
          {
            title: 'Whole, p95',
            width: 120,
            unit: 's',
            expr: q.quantile(0.95, 'lk_agents_realtime_duration_seconds', about),
          },
          {
            title: 'Tokens/s, p50',
            width: 120,
            unit: 'short',
            decimals: 0,
            expr: q.quantile(0.5, 'lk_agents_realtime_tokens_per_second', about),
          },
          {
            title: 'Failed',
            width: 80,
            unit: 'percentunit',
            decimals: 1,
            expr: requestShare(q, 'error', realtimeResponses, about),
            limits: { bad: objectives.providerErrorRatio },
          },
          {
            title: 'Cut off',
            width: 80,
            unit: 'percentunit',
            decimals: 1,
            expr: requestShare(q, 'cancelled', realtimeResponses, about),
          },
          {
            title: 'Reused',
            width: 80,
            unit: 'percentunit',
            decimals: 1,
            expr: reusedConnections(q, about),
          },
        ],
      }),
    ],
  };
}
