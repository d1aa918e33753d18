import type { Queries } from '../../promql/queries.ts';
import type { CounterName } from '../../promql/series.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { timeseries } from '../house/timeseries.ts';

const empty = 'No tokens of realtime models in this time range';

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
          'Mean input tokens of a response, by kind. The input is the conversation so far, so it grows with the length of calls; what of it is cached costs a fraction. Audio that is not cached is the dearest.',
        unit: 'short',
        width: 9,
        empty,
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
        empty,
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
        empty,
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
