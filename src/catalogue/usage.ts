import { model, requestSeries } from './labels.ts';
import type { MetricSpec, SourceField } from './types.ts';

/** By the event that has the usage. */
const requests: Readonly<Record<string, string>> = {
  LLMMetrics: requestSeries.llm,
  RealtimeModelMetrics: requestSeries.realtime,
  TTSMetrics: requestSeries.tts,
  STTMetrics: requestSeries.stt,
  InterruptionMetrics: requestSeries.interruption,
  EOTInferenceMetrics: requestSeries.eot,
};

const counter = <const U extends string>(unit: U, help: string, fields: readonly SourceField[]) => ({
  type: 'counter' as const,
  help,
  unit,
  labels: model,
  source: `metrics_collected: ${[...new Set(fields.map((field) => field.of))].join(', ')}`,
  fields,
  startsWith: fields.map((field) => ({ series: requests[field.of] ?? '' })),
});
const llm = (node: string, python: string): SourceField => ({ of: 'LLMMetrics', node, python });
const realtime = (node: string, python: string): SourceField => ({
  of: 'RealtimeModelMetrics',
  node,
  python,
});
const tts = (node: string, python: string): SourceField => ({ of: 'TTSMetrics', node, python });
const stt = (node: string, python: string): SourceField => ({ of: 'STTMetrics', node, python });

/** Billed usage; the names are those of the Python SDK's OpenTelemetry metrics. */
export const usage = {
  lk_agents_usage_llm_input_tokens_total: counter('tokens', 'Input tokens, cached ones included.', [
    llm('promptTokens', 'prompt_tokens'),
    realtime('inputTokens', 'input_tokens'),
  ]),
  lk_agents_usage_llm_input_cached_tokens_total: counter(
    'tokens',
    'Input tokens that were read from the cache.',
    [
      llm('promptCachedTokens', 'prompt_cached_tokens'),
      realtime('inputTokenDetails.cachedTokens', 'input_token_details.cached_tokens'),
    ],
  ),
  lk_agents_usage_llm_output_tokens_total: counter('tokens', 'Output tokens.', [
    llm('completionTokens', 'completion_tokens'),
    realtime('outputTokens', 'output_tokens'),
  ]),
  lk_agents_usage_llm_cache_creation_tokens_total: counter(
    'tokens',
    'Input tokens that were written to the cache.',
    [llm('cacheCreationTokens', 'cache_creation_tokens')],
  ),
  lk_agents_usage_llm_input_text_tokens_total: counter(
    'tokens',
    'Input tokens of text, of realtime models.',
    [realtime('inputTokenDetails.textTokens', 'input_token_details.text_tokens')],
  ),
  lk_agents_usage_llm_input_audio_tokens_total: counter(
    'tokens',
    'Input tokens of audio, of realtime models.',
    [realtime('inputTokenDetails.audioTokens', 'input_token_details.audio_tokens')],
  ),
  lk_agents_usage_llm_input_image_tokens_total: counter(
    'tokens',
    'Input tokens of images, of realtime models.',
    [realtime('inputTokenDetails.imageTokens', 'input_token_details.image_tokens')],
  ),
  lk_agents_usage_llm_input_cached_text_tokens_total: counter(
    'tokens',
    'Cached input tokens of text, of realtime models.',
    [
      realtime(
        'inputTokenDetails.cachedTokensDetails.textTokens',
        'input_token_details.cached_tokens_details.text_tokens',
      ),
    ],
  ),
  lk_agents_usage_llm_input_cached_audio_tokens_total: counter(
    'tokens',
    'Cached input tokens of audio, of realtime models.',
    [
      realtime(
        'inputTokenDetails.cachedTokensDetails.audioTokens',
        'input_token_details.cached_tokens_details.audio_tokens',
      ),
    ],
  ),
  lk_agents_usage_llm_input_cached_image_tokens_total: counter(
    'tokens',
    'Cached input tokens of images, of realtime models.',
    [
      realtime(
        'inputTokenDetails.cachedTokensDetails.imageTokens',
        'input_token_details.cached_tokens_details.image_tokens',
      ),
    ],
  ),
  lk_agents_usage_llm_output_text_tokens_total: counter(
    'tokens',
    'Output tokens of text, of realtime models.',
    [realtime('outputTokenDetails.textTokens', 'output_token_details.text_tokens')],
  ),
  lk_agents_usage_llm_output_audio_tokens_total: counter(
    'tokens',
    'Output tokens of audio, of realtime models.',
    [realtime('outputTokenDetails.audioTokens', 'output_token_details.audio_tokens')],
  ),
  lk_agents_usage_llm_output_image_tokens_total: counter(
    'tokens',
    'Output tokens of images, of realtime models.',
    [realtime('outputTokenDetails.imageTokens', 'output_token_details.image_tokens')],
  ),
  lk_agents_usage_llm_session_duration_seconds_total: counter(
    'seconds',
    'Connection time of realtime models that bill by it.',
    [realtime('sessionDurationMs', 'session_duration')],
  ),
  lk_agents_usage_tts_characters_total: counter(
    'characters',
    'Characters that were synthesized, played or not.',
    [tts('charactersCount', 'characters_count')],
  ),
  lk_agents_usage_tts_audio_duration_seconds_total: counter(
    'seconds',
    'Audio that was synthesized, played or not.',
    [tts('audioDurationMs', 'audio_duration')],
  ),
  lk_agents_usage_tts_input_tokens_total: counter('tokens', 'Input tokens of TTS that bills by them.', [
    tts('inputTokens', 'input_tokens'),
  ]),
  lk_agents_usage_tts_output_tokens_total: counter('tokens', 'Output tokens of TTS that bills by them.', [
    tts('outputTokens', 'output_tokens'),
  ]),
  lk_agents_usage_stt_audio_duration_seconds_total: counter('seconds', 'Audio that the STT received.', [
    stt('audioDurationMs', 'audio_duration'),
  ]),
  lk_agents_usage_stt_input_tokens_total: counter('tokens', 'Input tokens of STT that bills by them.', [
    stt('inputTokens', 'input_tokens'),
  ]),
  lk_agents_usage_stt_output_tokens_total: counter('tokens', 'Output tokens of STT that bills by them.', [
    stt('outputTokens', 'output_tokens'),
  ]),
  lk_agents_usage_interruption_num_requests_total: counter(
    'requests',
    'Requests to the interruption model.',
    [{ of: 'InterruptionMetrics', node: 'numRequests', python: 'num_requests' }],
  ),
  lk_agents_usage_eot_num_requests_total: counter('requests', 'Requests to the end-of-turn model.', [
    { of: 'EOTInferenceMetrics', node: 'numRequests', python: 'num_requests' },
  ]),
} as const satisfies Record<string, MetricSpec>;
