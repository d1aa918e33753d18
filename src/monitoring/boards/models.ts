import { percent } from '../markdown.ts';
import type { Queries } from '../promql/queries.ts';
import { worse } from '../rules/alerts/regressions.ts';
import { llmComparison, llmRequests, speechComparison, speechRequests } from './models/requests.ts';
import type { BoardContext, BoardSpec, Row } from './panels/board.ts';
import { stat, timeseries } from './panels/charts.ts';
import type { PanelBuilder } from './panels/panel.ts';
import {
  components,
  exemplars,
  noBaseline,
  perMinute,
  relativeToBaseline,
  requestShare,
} from './panels/queries.ts';

/** Slow and failing providers, and the fallbacks to others. */
export const models: BoardSpec = {
  name: 'models',
  description: 'Is a provider slow or failing, and would another one be better?',
  filters: ['provider', 'model'],
  rows: (context) => [
    summary(context),
    firstOutput(context),
    { panels: [...errors(context), ...latencyRegressions(context)] },
    llmComparison(context),
    speechComparison(context),
    fallbacks(context),
    llmRequests(context),
    speechRequests(context),
  ],
};

/** Short enough to show an outage that has just begun, long enough for a share of a quiet provider's requests. */
const recent = '15m';

/** The most frequent failures, regressions, and the latency of models. */
function summary({ q, objectives }: BoardContext): Row {
  const window = recent;
  return {
    panels: [
      stat({
        title: 'Most errors now',
        description: `The providers with the greatest share of failed requests in the last 15 minutes; red from ${percent(objectives.providerErrorRatio)} on. If one stays red, switch to another provider or give the agent a fallback.`,
        unit: 'percentunit',
        width: 6,
        decimals: 1,
        empty: 'No requests in 15 min',
        limits: { bad: objectives.providerErrorRatio },
        text: 'value_and_name',
        targets: components.map((each) => ({
          expr: `topk(1, ${requestShare(q, 'error', each, { by: ['model_provider'], window })})`,
          legend: `${each.component} {{model_provider}}`,
          as: 'instant',
        })),
      }),
      stat({
        title: 'Largest latency regression',
        description: `The models whose p95 of the last half hour is furthest above its median of seven days: 1 × is as usual, from ${worse.factor} × on it is a regression. It needs the recording rules, six hours of past, and 20 requests in half an hour.`,
        unit: 'suffix:×',
        width: 6,
        decimals: 2,
        empty: 'No past yet',
        limits: { warning: 1 + (worse.factor - 1) / 2, bad: worse.factor },
        text: 'value_and_name',
        targets: components.map(({ component }) => ({
          expr: `topk(1, ${relativeToBaseline(q, component)})`,
          legend: '{{model_name}}',
          as: 'instant',
        })),
      }),
      stat({
        title: 'LLM: first token now',
        description:
          'p95 of the time to the first token over the LLM requests of the last 15 minutes. Every turn waits for it, and a turn with tools at least twice.',
        unit: 's',
        width: 4,
        empty: 'No LLM requests in 15 min',
        next: 'latency',
        targets: [{ expr: q.quantile(0.95, 'lk_agents_llm_ttft_seconds', { window }), as: 'instant' }],
      }),
      stat({
        title: 'TTS: first audio now',
        description:
          'p95 of the time to the first audio over the syntheses of the last 15 minutes. Every turn waits for it.',
        unit: 's',
        width: 4,
        empty: 'No TTS requests in 15 min',
        next: 'latency',
        targets: [{ expr: q.quantile(0.95, 'lk_agents_tts_ttfb_seconds', { window }), as: 'instant' }],
      }),
      stat({
        title: 'Served by fallbacks',
        description:
          "Share of the requests of the last 15 minutes that another provider than the version's main one served: what fallbacks do. Whichever filters are set, all providers of the agents are meant.",
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: 'No requests in 15 min',
        text: 'value_and_name',
        targets: [
          { expr: fallbackShare(q, 'lk_agents_llm_requests_total', window), legend: 'LLM', as: 'instant' },
          { expr: fallbackShare(q, 'lk_agents_tts_requests_total', window), legend: 'TTS', as: 'instant' },
        ],
      }),
    ],
  };
}

const model = { by: ['model_provider', 'model_name'] } as const;
const legend = '{{model_provider}} {{model_name}}';

/** How long a model takes until something comes. */
const firstOutput = ({ q }: BoardContext): Row => ({
  panels: [
    timeseries({
      title: 'LLM: time to the first token, p95 by model',
      description:
        'Which LLM is slow? Retries are included, so a provider that fails looks slow, too. All of a provider: its outage; one model: that model. Dots are single requests; click one for its trace.',
      unit: 's',
      width: 12,
      height: 9,
      empty: 'No LLM requests in this time range',
      legend: ['mean', 'lastNotNull'],
      legendAt: 'right',
      sorted: true,
      targets: [
        { expr: q.quantile(0.95, 'lk_agents_llm_ttft_seconds', model), legend },
        exemplars(q, 'lk_agents_llm_ttft_seconds'),
      ],
    }),
    timeseries({
      title: 'TTS: time to the first audio, p95 by model',
      description:
        'Which voice is slow? A TTS that cannot stream takes as long as its sentence. Dots are single syntheses; click one for its trace.',
      unit: 's',
      width: 12,
      height: 9,
      empty: 'No TTS requests in this time range',
      legend: ['mean', 'lastNotNull'],
      legendAt: 'right',
      sorted: true,
      targets: [
        { expr: q.quantile(0.95, 'lk_agents_tts_ttfb_seconds', model), legend },
        exemplars(q, 'lk_agents_tts_ttfb_seconds'),
      ],
    }),
  ],
});

/** Requests that failed. */
const errors = ({ q, objectives }: BoardContext): PanelBuilder[] => [
  timeseries({
    title: 'Failed requests by provider',
    description: `Share of a provider's requests that failed for good, retries included. The dashed line is the objective, ${percent(objectives.providerErrorRatio)}; an STT's requests have no outcome, see "Unrecoverable errors". Look at the provider's status page, and whether a fallback takes over.`,
    unit: 'percentunit',
    width: 12,
    empty: 'No requests in this time range',
    limit: objectives.providerErrorRatio,
    next: 'sessions',
    legend: ['mean', 'lastNotNull'],
    legendAt: 'right',
    sorted: true,
    targets: components.map((each) => ({
      expr: requestShare(q, 'error', each, { by: ['model_provider'] }),
      legend: `${each.component} {{model_provider}}`,
    })),
  }),
];

/** Latencies that differ from their baseline. */
const latencyRegressions = ({ q }: BoardContext): PanelBuilder[] => [
  timeseries({
    title: 'Latency against the last seven days',
    description: `The p95 of the last half hour over its median of seven days: 1 × is as usual. Above the dashed line, ${worse.factor} ×, it is a regression: the provider's, or of a prompt that has grown. STT is shown by agent, because the SDK does not report which STT a delay belongs to.`,
    unit: 'suffix:×',
    width: 12,
    empty: noBaseline,
    limit: worse.factor,
    reach: 1.5,
    legend: ['lastNotNull'],
    legendAt: 'right',
    sorted: true,
    targets: [
      { expr: relativeToBaseline(q, 'llm'), legend: 'llm {{model_provider}} {{model_name}}' },
      { expr: relativeToBaseline(q, 'tts'), legend: 'tts {{model_provider}} {{model_name}}' },
      { expr: relativeToBaseline(q, 'realtime'), legend: 'realtime {{model_provider}} {{model_name}}' },
      { expr: relativeToBaseline(q, 'stt'), legend: 'stt of {{agent_name}}' },
    ],
  }),
];

type Requests = 'lk_agents_llm_requests_total' | 'lk_agents_tts_requests_total';

/** All providers and models, whichever the reader has chosen: a share of the chosen ones would say nothing. */
const anyModel = { model_provider: { re: '.*' }, model_name: { re: '.*' } } as const;

/** A provider's share of the requests of each version of an agent. */
const providerShare = (q: Queries, requests: Requests): string => {
  const version = ['agent_name', 'agent_version'] as const;
  const all = q.rate(requests, { by: version, where: anyModel });
  const each = q.rate(requests, { by: [...version, 'model_provider'] });
  return `${each} / on (agent_name, agent_version) group_left () (${all} > 0)`;
};

/** The share of requests that did not go to the provider which serves most of the version's. */
function fallbackShare(q: Queries, requests: Requests, window: string): string {
  const each = q.rate(requests, {
    by: ['agent_name', 'agent_version', 'model_provider'],
    where: anyModel,
    window,
  });
  const all = q.rate(requests, { where: anyModel, window });
  return `1 - sum(max by (agent_name, agent_version) (${each})) / (${all} > 0)`;
}

const requestsByProvider = (q: Queries, what: 'LLM' | 'TTS', requests: Requests) =>
  timeseries({
    title: `${what} requests by provider`,
    description:
      'Share of the requests of each version by provider. A version with a second line has a fallback at work, or agents with different models; if the second takes over, the first one fails.',
    unit: 'percentunit',
    width: 12,
    max: 1,
    empty: `No ${what} requests in this time range`,
    legend: ['lastNotNull'],
    legendAt: 'right',
    targets: [
      { expr: providerShare(q, requests), legend: '{{agent_name}} {{agent_version}}: {{model_provider}}' },
    ],
  });

const errorRate = (q: Queries, recoverable: 'true' | 'false') =>
  perMinute.of(
    q.rate('lk_agents_errors_total', { by: ['component', 'model_provider'], where: { recoverable } }),
  );

/** What happens when a request fails: it is tried again, by the same provider or by another one. */
const fallbacks = ({ q }: BoardContext): Row => ({
  title: 'Retries and fallbacks',
  panels: [
    timeseries({
      title: 'Retried errors',
      description:
        'Errors after which the SDK went on to try again: callers only waited longer. "unknown" is what stands before several models, such as a fallback adapter. A rise announces an outage.',
      unit: perMinute.unit,
      width: 12,
      reach: 1,
      empty: 'No error after which the SDK tried again in this time range',
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [{ expr: errorRate(q, 'true'), legend: '{{component}} {{model_provider}}' }],
    }),
    timeseries({
      title: 'Unrecoverable errors',
      description:
        'Errors that nothing could be done about: the caller got no answer, or the session ended. "unknown" is what stands before several models: if it gives up, all of them failed. An STT shows here only.',
      unit: perMinute.unit,
      width: 12,
      reach: 1,
      empty: 'No error that was final in this time range',
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [{ expr: errorRate(q, 'false'), legend: '{{component}} {{model_provider}}' }],
    }),
    requestsByProvider(q, 'LLM', 'lk_agents_llm_requests_total'),
    requestsByProvider(q, 'TTS', 'lk_agents_tts_requests_total'),
  ],
});
