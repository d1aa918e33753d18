import { type BillableUnit, billableUnits, billedComponents, model, requestSeries } from './labels.ts';
import type { MetricSpec, SourceField, StartsWith } from './types.ts';

const llm = (node: string, python: string): SourceField => ({ of: 'LLMMetrics', node, python });
const realtime = (node: string, python: string): SourceField => ({
  of: 'RealtimeModelMetrics',
  node,
  python,
});
const tts = (node: string, python: string): SourceField => ({ of: 'TTSMetrics', node, python });
const stt = (node: string, python: string): SourceField => ({ of: 'STTMetrics', node, python });

const billed = { ...model, component: billedComponents } as const;

const audioUnits = ['audio_seconds', 'audio_seconds_without_tokens'] as const;
const realtimeUnits: readonly BillableUnit[] = [
  'input_tokens',
  'cached_input_tokens',
  'output_tokens',
  'input_audio_tokens',
  'cached_input_audio_tokens',
  'output_audio_tokens',
  'input_image_tokens',
  'cached_input_image_tokens',
  'output_image_tokens',
  'session_seconds',
];

/** The units in which a component may be billed, once a model of it is known. */
const starts = (component: keyof typeof requestSeries, unit: readonly BillableUnit[]): StartsWith => ({
  series: requestSeries[component],
  labels: { component, unit },
});

/** The cost of usage. Jobs report the usage; the process with the registry computes its cost. */
export const cost = {
  lk_agents_billable_usage_total: {
    type: 'counter',
    help: 'Usage in the units in which providers bill it; each token is counted under one unit.',
    unit: 'units',
    labels: { ...billed, unit: billableUnits },
    source: 'metrics_collected',
    fields: [
      llm('promptTokens', 'prompt_tokens'),
      llm('promptCachedTokens', 'prompt_cached_tokens'),
      llm('cacheCreationTokens', 'cache_creation_tokens'),
      llm('completionTokens', 'completion_tokens'),
      realtime('inputTokens', 'input_tokens'),
      realtime('inputTokenDetails.audioTokens', 'input_token_details.audio_tokens'),
      realtime('inputTokenDetails.imageTokens', 'input_token_details.image_tokens'),
      realtime('inputTokenDetails.cachedTokens', 'input_token_details.cached_tokens'),
      realtime(
        'inputTokenDetails.cachedTokensDetails.audioTokens',
        'input_token_details.cached_tokens_details.audio_tokens',
      ),
      realtime(
        'inputTokenDetails.cachedTokensDetails.imageTokens',
        'input_token_details.cached_tokens_details.image_tokens',
      ),
      realtime('outputTokens', 'output_tokens'),
      realtime('outputTokenDetails.audioTokens', 'output_token_details.audio_tokens'),
      realtime('outputTokenDetails.imageTokens', 'output_token_details.image_tokens'),
      realtime('sessionDurationMs', 'session_duration'),
      tts('charactersCount', 'characters_count'),
      tts('audioDurationMs', 'audio_duration'),
      tts('inputTokens', 'input_tokens'),
      tts('outputTokens', 'output_tokens'),
      stt('audioDurationMs', 'audio_duration'),
      stt('inputTokens', 'input_tokens'),
      stt('outputTokens', 'output_tokens'),
      { of: 'InterruptionMetrics', node: 'numRequests', python: 'num_requests' },
      { of: 'EOTInferenceMetrics', node: 'numRequests', python: 'num_requests' },
    ],
    startsWith: [
      starts('llm', ['input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens']),
      starts('realtime', realtimeUnits),
      starts('tts', ['characters', 'input_tokens', 'output_audio_tokens', ...audioUnits]),
      starts('stt', ['input_audio_tokens', 'output_tokens', ...audioUnits]),
      starts('interruption', ['requests']),
      starts('eot', ['requests']),
    ],
  },
  lk_agents_cost_usd_total: {
    type: 'counter',
    help: 'Cost of the usage at list prices or at prices of the price file; see docs/prices.md.',
    unit: 'dollars',
    labels: billed,
    source: 'lk_agents_billable_usage_total × price',
    derived: true,
  },
  lk_agents_cost_unpriced_usage_total: {
    type: 'counter',
    help: 'Billable usage without a known price; it is not included in the cost.',
    unit: 'units',
    labels: { ...billed, unit: billableUnits },
    source: 'lk_agents_billable_usage_total without a price',
    derived: true,
  },
} as const satisfies Record<string, MetricSpec>;
