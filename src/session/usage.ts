import type { metrics } from '@livekit/agents';
import { modelOf } from './model.ts';
import { fromMs, type Samples } from './samples.ts';

/** A reader for each type of metrics event. */
export type Handlers = {
  [T in metrics.AgentMetrics['type']]: (
    samples: Samples,
    m: Extract<metrics.AgentMetrics, { type: T }>,
  ) => void;
};

const nothing = () => {};

const handlers: Handlers = {
  llm_metrics(samples, m) {
    const model = modelOf(m.metadata);
    samples.count('lk_agents_usage_llm_input_tokens_total', model, m.promptTokens);
    samples.count('lk_agents_usage_llm_input_cached_tokens_total', model, m.promptCachedTokens);
    samples.count('lk_agents_usage_llm_cache_creation_tokens_total', model, m.cacheCreationTokens);
    samples.count('lk_agents_usage_llm_output_tokens_total', model, m.completionTokens);
  },
  realtime_model_metrics(samples, m) {
    const model = modelOf(m.metadata);
    const input = m.inputTokenDetails;
    const cached = input?.cachedTokensDetails;
    const output = m.outputTokenDetails;
    samples.count('lk_agents_usage_llm_input_tokens_total', model, m.inputTokens);
    samples.count('lk_agents_usage_llm_input_cached_tokens_total', model, input?.cachedTokens);
    samples.count('lk_agents_usage_llm_input_text_tokens_total', model, input?.textTokens);
    samples.count('lk_agents_usage_llm_input_audio_tokens_total', model, input?.audioTokens);
    samples.count('lk_agents_usage_llm_input_image_tokens_total', model, input?.imageTokens);
    samples.count('lk_agents_usage_llm_input_cached_text_tokens_total', model, cached?.textTokens);
    samples.count('lk_agents_usage_llm_input_cached_audio_tokens_total', model, cached?.audioTokens);
    samples.count('lk_agents_usage_llm_input_cached_image_tokens_total', model, cached?.imageTokens);
    samples.count('lk_agents_usage_llm_output_tokens_total', model, m.outputTokens);
    samples.count('lk_agents_usage_llm_output_text_tokens_total', model, output?.textTokens);
    samples.count('lk_agents_usage_llm_output_audio_tokens_total', model, output?.audioTokens);
    samples.count('lk_agents_usage_llm_output_image_tokens_total', model, output?.imageTokens);
    samples.count('lk_agents_usage_llm_session_duration_seconds_total', model, fromMs(m.sessionDurationMs));
  },
  tts_metrics(samples, m) {
    const model = modelOf(m.metadata);
    samples.count('lk_agents_usage_tts_characters_total', model, m.charactersCount);
    samples.count('lk_agents_usage_tts_audio_duration_seconds_total', model, fromMs(m.audioDurationMs));
    samples.count('lk_agents_usage_tts_input_tokens_total', model, m.inputTokens);
    samples.count('lk_agents_usage_tts_output_tokens_total', model, m.outputTokens);
  },
  stt_metrics(samples, m) {
    const model = modelOf(m.metadata);
    samples.count('lk_agents_usage_stt_audio_duration_seconds_total', model, fromMs(m.audioDurationMs));
    samples.count('lk_agents_usage_stt_input_tokens_total', model, m.inputTokens);
    samples.count('lk_agents_usage_stt_output_tokens_total', model, m.outputTokens);
  },
  interruption_metrics(samples, m) {
    samples.count('lk_agents_usage_interruption_num_requests_total', modelOf(m.metadata), m.numRequests);
  },
  eot_inference_metrics(samples, m) {
    samples.count('lk_agents_usage_eot_num_requests_total', modelOf(m.metadata), m.numRequests);
  },
  vad_metrics: nothing,
  eou_metrics: nothing,
  avatar_metrics: nothing,
};

/**
 * Counts what providers bill for. Follows the SDK's own `ModelUsageCollector.collect` (metrics/model_usage.ts)
 * field by field, in seconds where that counts milliseconds.
 */
export function usage(samples: Samples, m: metrics.AgentMetrics): void {
  if (!Object.hasOwn(handlers, m.type)) return;
  (handlers[m.type] as (samples: Samples, m: metrics.AgentMetrics) => void)(samples, m);
}
