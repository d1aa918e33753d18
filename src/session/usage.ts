import type { BillableUnit } from '../catalogue/labels.ts';
import type { Labels } from '../catalogue/metrics.ts';
import { type AddUsage, splitInput, splitOutput, validAmount } from '../pricing/token-split.ts';
import { type MetricsEvent, type MetricsEventOf, modelOf } from './events.ts';
import type { Samples } from './samples.ts';

/** A handler for each type of metrics event. */
export type Handlers = {
  [T in MetricsEvent['type']]: (samples: Samples, m: MetricsEventOf<T>) => void;
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
    samples.count('lk_agents_usage_llm_session_duration_seconds_total', model, m.sessionDuration);
  },
  tts_metrics(samples, m) {
    const model = modelOf(m.metadata);
    samples.count('lk_agents_usage_tts_characters_total', model, m.charactersCount);
    samples.count('lk_agents_usage_tts_audio_duration_seconds_total', model, m.audioDuration);
    samples.count('lk_agents_usage_tts_input_tokens_total', model, m.inputTokens);
    samples.count('lk_agents_usage_tts_output_tokens_total', model, m.outputTokens);
  },
  stt_metrics(samples, m) {
    const model = modelOf(m.metadata);
    samples.count('lk_agents_usage_stt_audio_duration_seconds_total', model, m.audioDuration);
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
export function recordUsage(samples: Samples, m: MetricsEvent): void {
  if (!Object.hasOwn(handlers, m.type)) return;
  (handlers[m.type] as (samples: Samples, m: MetricsEvent) => void)(samples, m);
}

type Component = Labels<'lk_agents_billable_usage_total'>['component'];

/** Returns a function that counts amounts of a model's usage. `recordUsage` has rejected and counted invalid values. */
function counting(samples: Samples, component: Component, metadata: Parameters<typeof modelOf>[0]): AddUsage {
  const { model_provider, model_name } = modelOf(metadata);
  return (unit, amount) =>
    samples.add('lk_agents_billable_usage_total', { model_provider, model_name, component, unit }, amount);
}

function takeIfAny(take: AddUsage, unit: BillableUnit, value: number | undefined): void {
  const amount = validAmount(value);
  if (amount > 0) take(unit, amount);
}

/** Counts audio for models that are billed by time. If a plugin reports no tokens, it counts for models that are billed by token, too. */
function audio(take: AddUsage, seconds: number, tokens: number): void {
  takeIfAny(take, 'audio_seconds', seconds);
  if (tokens === 0) takeIfAny(take, 'audio_seconds_without_tokens', seconds);
}

const billableHandlers: Handlers = {
  llm_metrics(samples, m) {
    const take = counting(samples, 'llm', m.metadata);
    splitInput(
      { total: m.promptTokens, cached: m.promptCachedTokens, cacheWritten: m.cacheCreationTokens },
      take,
    );
    splitOutput({ total: m.completionTokens }, take);
  },
  realtime_model_metrics(samples, m) {
    const take = counting(samples, 'realtime', m.metadata);
    const input = m.inputTokenDetails;
    const cached = input?.cachedTokensDetails;
    const output = m.outputTokenDetails;
    splitInput(
      {
        total: m.inputTokens,
        cached: input?.cachedTokens,
        audio: input?.audioTokens,
        image: input?.imageTokens,
        cachedAudio: cached?.audioTokens,
        cachedImage: cached?.imageTokens,
      },
      take,
    );
    splitOutput({ total: m.outputTokens, audio: output?.audioTokens, image: output?.imageTokens }, take);
    takeIfAny(take, 'session_seconds', m.sessionDuration);
  },
  tts_metrics(samples, m) {
    const take = counting(samples, 'tts', m.metadata);
    takeIfAny(take, 'characters', m.charactersCount);
    takeIfAny(take, 'input_tokens', m.inputTokens);
    takeIfAny(take, 'output_audio_tokens', m.outputTokens);
    audio(take, m.audioDuration, validAmount(m.inputTokens) + validAmount(m.outputTokens));
  },
  stt_metrics(samples, m) {
    const take = counting(samples, 'stt', m.metadata);
    takeIfAny(take, 'input_audio_tokens', m.inputTokens);
    takeIfAny(take, 'output_tokens', m.outputTokens);
    audio(take, m.audioDuration, validAmount(m.inputTokens) + validAmount(m.outputTokens));
  },
  interruption_metrics(samples, m) {
    takeIfAny(counting(samples, 'interruption', m.metadata), 'requests', m.numRequests);
  },
  eot_inference_metrics(samples, m) {
    takeIfAny(counting(samples, 'eot', m.metadata), 'requests', m.numRequests);
  },
  vad_metrics: nothing,
  eou_metrics: nothing,
  avatar_metrics: nothing,
};

/** Counts the usage that a metrics event reports, in billable units. */
export function recordBillableUsage(samples: Samples, m: MetricsEvent): void {
  if (!Object.hasOwn(billableHandlers, m.type)) return;
  (billableHandlers[m.type] as (samples: Samples, m: MetricsEvent) => void)(samples, m);
}
