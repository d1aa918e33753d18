import { requestOutcomes } from '../../../catalogue/labels.ts';
import { percent } from '../../markdown.ts';
import type { Queries } from '../../promql/queries.ts';
import type { CounterName } from '../../promql/series.ts';
import type { BoardContext, Row } from '../panels/board.ts';
import { timeseries } from '../panels/charts.ts';
import { perMinute, realtimeResponses, requestShare } from '../panels/queries.ts';
import { outcomeColours, palette } from '../panels/thresholds.ts';

const model = { by: ['model_provider', 'model_name'] } as const;
const legend = '{{model_provider}} {{model_name}}';
const noResponses = 'No responses of realtime models in this time range';

/** How responses end, and how fast they come. */
export const responses = ({ q, objectives }: BoardContext): Row => ({
  title: 'Responses',
  panels: [
    timeseries({
      title: 'Responses by outcome',
      description:
        'Cancelled: the user interrupted. Empty: the response succeeded and brought nothing. Errors: the model failed for good.',
      unit: perMinute.unit,
      width: 8,
      empty: noResponses,
      draw: 'stack',
      colours: outcomeColours,
      legend: ['mean'],
      targets: requestOutcomes.map((outcome) => ({
        expr: perMinute.of(q.rate(realtimeResponses.requests, { where: { outcome } })),
        legend: outcome,
      })),
    }),
    timeseries({
      title: 'Failed responses by model',
      description: `Share of the responses that failed for good. The dashed line is the objective, ${percent(objectives.providerErrorRatio)}. A realtime model has no fallback: its callers got no answer.`,
      unit: 'percentunit',
      width: 8,
      empty: noResponses,
      limit: objectives.providerErrorRatio,
      legend: ['mean'],
      targets: [{ expr: requestShare(q, 'error', realtimeResponses, model), legend }],
    }),
    timeseries({
      title: 'Errors of realtime models',
      description:
        'Errors that sessions reported. Retried errors: the SDK went on, mostly by connecting anew. Unrecoverable errors: the session could not go on.',
      unit: perMinute.unit,
      width: 8,
      reach: 1,
      empty: 'No errors of realtime models in this time range',
      next: 'sessions',
      colours: { 'tried again': palette.warning, 'given up': palette.bad },
      legend: ['mean'],
      targets: (
        [
          ['true', 'tried again'],
          ['false', 'given up'],
        ] as const
      ).map(([recoverable, name]) => ({
        expr: perMinute.of(
          q.rate('lk_agents_errors_total', { where: { component: 'realtime', recoverable } }),
        ),
        legend: name,
      })),
    }),
    timeseries({
      title: 'Whole response, p95 by model',
      description:
        'From the creation of a response to its completion. A model writes faster than it is played; if it does not, its speech has gaps.',
      unit: 's',
      width: 12,
      empty: noResponses,
      legend: ['mean'],
      targets: [{ expr: q.quantile(0.95, 'lk_agents_realtime_duration_seconds', model), legend }],
    }),
    timeseries({
      title: 'Tokens per second, p50 by model',
      description:
        'How fast responses come once they have begun, audio and text together. Compare a model with itself: providers count audio tokens differently.',
      unit: 'suffix:tokens/s',
      width: 12,
      empty: noResponses,
      legend: ['mean'],
      targets: [{ expr: q.quantile(0.5, 'lk_agents_realtime_tokens_per_second', model), legend }],
    }),
  ],
});

const acquire = 'lk_agents_connection_acquire_seconds';
const noConnections = 'No connections to realtime models in this time range';

/** The share of responses that found a connection open. */
export function reusedConnections(
  q: Queries,
  about: { by?: readonly ('model_provider' | 'model_name')[]; window?: string } = {},
): string {
  const all = q.countRate(acquire, about);
  return `(${q.countRate(acquire, { ...about, where: { reused: 'true' } })} or 0 * ${all}) / (${all} > 0)`;
}

/** Whether connections to realtime models are quick to get, and hold. */
export const connections = ({ q }: BoardContext): Row => ({
  title: 'Connections',
  panels: [
    timeseries({
      title: 'Getting a connection, p95',
      description:
        'Time until a response has its connection. A new one is paid by the first answer of a call; if it is slow, open it before the call, or choose a region that is nearer.',
      unit: 's',
      width: 8,
      empty: noConnections,
      colours: { new: palette.warning, reused: palette.good },
      legend: ['mean'],
      targets: [
        { expr: q.quantile(0.95, acquire, { where: { reused: 'false' } }), legend: 'new' },
        { expr: q.quantile(0.95, acquire, { where: { reused: 'true' } }), legend: 'reused' },
      ],
    }),
    timeseries({
      title: 'Connections by whether they were new',
      description:
        'A new one for each session is normal. More new ones than sessions: connections break, or run into the limit of the provider on how long one may last.',
      unit: perMinute.unit,
      width: 8,
      empty: noConnections,
      draw: 'stack',
      colours: { new: palette.warning, reused: palette.good },
      legend: ['mean'],
      targets: [
        { expr: perMinute.of(q.countRate(acquire, { where: { reused: 'false' } })), legend: 'new' },
        { expr: perMinute.of(q.countRate(acquire, { where: { reused: 'true' } })), legend: 'reused' },
      ],
    }),
    timeseries({
      title: 'Billed connections',
      description:
        'Connection time per second, which is how many connections were open on average; of models that bill by it. It is reported when a connection ends, so long connections show as peaks.',
      unit: 'short',
      width: 8,
      empty: 'No model that bills by connection time in this time range',
      next: 'cost',
      targets: [
        {
          expr: q.rate('lk_agents_usage_llm_session_duration_seconds_total', {
            by: ['model_provider', 'model_name'],
          }),
          legend: '{{model_provider}} {{model_name}}',
        },
      ],
    }),
  ],
});

const noTokens = 'No tokens of realtime models in this time range';

/** Cached tokens are a part of the input: fresh ones are dear, cached ones cheap. */
const input = [
  [
    'audio',
    'lk_agents_usage_llm_input_audio_tokens_total',
    'lk_agents_usage_llm_input_cached_audio_tokens_total',
  ],
  [
    'text',
    'lk_agents_usage_llm_input_text_tokens_total',
    'lk_agents_usage_llm_input_cached_text_tokens_total',
  ],
  [
    'image',
    'lk_agents_usage_llm_input_image_tokens_total',
    'lk_agents_usage_llm_input_cached_image_tokens_total',
  ],
] as const;

const output = [
  ['audio', 'lk_agents_usage_llm_output_audio_tokens_total'],
  ['text', 'lk_agents_usage_llm_output_text_tokens_total'],
  ['image', 'lk_agents_usage_llm_output_image_tokens_total'],
] as const;

const colours = {
  audio: 'dark-orange',
  'audio, cached': 'light-orange',
  text: 'dark-blue',
  'text, cached': 'light-blue',
  image: 'dark-purple',
  'image, cached': 'light-purple',
};

/** A figure of the model's tokens, for each response. */
const perResponse = (q: Queries, expr: string): string =>
  `(${expr}) / (${q.rate('lk_agents_realtime_requests_total')} > 0)`;

/** What responses are made of, which is what they cost. */
export function tokens({ q }: BoardContext): Row {
  const rate = (metric: CounterName) => q.rate(metric);
  return {
    title: 'Tokens',
    panels: [
      timeseries({
        title: 'Input tokens of a response',
        description:
          'Mean input tokens of a response, by kind. The input is the conversation so far, so it grows with the length of calls; what of it is cached costs a fraction. Uncached audio is the most expensive.',
        unit: 'short',
        width: 9,
        empty: noTokens,
        draw: 'stack',
        colours,
        legend: ['mean'],
        legendAt: 'right',
        next: 'cost',
        targets: input.flatMap(([kind, all, cached]) => [
          {
            expr: perResponse(q, `${rate(all)} - (${rate(cached)} or 0 * ${rate(all)})`),
            legend: kind,
          },
          { expr: perResponse(q, rate(cached)), legend: `${kind}, cached` },
        ]),
      }),
      timeseries({
        title: 'Output tokens of a response',
        description:
          'Mean output tokens of a response, by kind. Audio is what callers hear; text is its transcript, and calls of tools.',
        unit: 'short',
        width: 8,
        empty: noTokens,
        draw: 'stack',
        colours,
        legend: ['mean'],
        legendAt: 'right',
        next: 'cost',
        targets: output.map(([kind, all]) => ({ expr: perResponse(q, rate(all)), legend: kind })),
      }),
      timeseries({
        title: 'Input read from the cache, by model',
        description:
          'Share of the input tokens that the provider had cached. A drop means that the beginning of the conversation changes: instructions or tools that are set anew, items that are deleted.',
        unit: 'percentunit',
        width: 7,
        max: 1,
        empty: noTokens,
        next: 'cost',
        targets: [
          {
            expr: `(${q.share(
              ['lk_agents_usage_llm_input_cached_tokens_total', { by: ['model_provider', 'model_name'] }],
              ['lk_agents_usage_llm_input_tokens_total', { by: ['model_provider', 'model_name'] }],
            )}) and on (model_provider, model_name) ${q.rate('lk_agents_realtime_requests_total', { by: ['model_provider', 'model_name'] })}`,
            legend: '{{model_provider}} {{model_name}}',
          },
        ],
      }),
    ],
  };
}
