import type { metrics } from '@livekit/agents';
import type { MetricName } from '../../../src/catalogue/metrics.ts';
import type { Call } from './call.ts';
import * as sdk from './sdk-metrics.ts';

/** What can be true of a field. */
interface Truth {
  /** A value of the field, and what it is in the series' unit. */
  good: readonly [field: number, series: number];
  /** More than can be true, in the field's unit. */
  absurd: number;
  /** What 0 is: a value, missing, or nothing to count. */
  zero: 'value' | 'missing' | 'nothing';
}

/** How a field of an event reaches its series. */
export interface Field extends Truth {
  /** The SDK's type and the field's name. */
  name: string;
  metric: MetricName;
  /** Emits the event with the field at `value`. */
  emit(call: Call, value: never): void;
}

/** Milliseconds. */
const delay: Truth = { good: [250, 0.25], absurd: 181_000, zero: 'value' };
const request: Truth = { good: [250, 0.25], absurd: 601_000, zero: 'value' };
const inference: Truth = { ...request, zero: 'missing' };
/** A delay of 203 s was seen in the field, and 0 says that no end of speech was. */
const endOfUtterance: Truth = { ...delay, absurd: 203_000, zero: 'missing' };
const spent: Truth = { good: [250, 0.25], absurd: 1.1e15, zero: 'nothing' };
const amount: Truth = { good: [7, 7], absurd: 1.1e12, zero: 'nothing' };
const rate: Truth = { ...amount, zero: 'missing' };
/** Seconds, as in `ChatMessage.metrics`. */
const spokenDelay: Truth = { good: [0.25, 0.25], absurd: 181, zero: 'value' };
const spokenRequest: Truth = { ...spokenDelay, absurd: 601 };
const confidence: Truth = { good: [0.93, 0.93], absurd: 1.01, zero: 'missing' };

type Rows = readonly (readonly [field: string, metric: MetricName, truth: Truth])[];

const rows = (type: string, emit: (call: Call, field: object) => void, list: Rows): Field[] =>
  list.map(([field, metric, truth]) => ({
    ...truth,
    name: `${type}.${field}`,
    metric,
    emit: (call, value) => emit(call, { [field]: value }),
  }));

/** The fields of a type of metrics event. */
const fieldsOf = (type: string, build: (given: object) => metrics.AgentMetrics, list: Rows) =>
  rows(type, (call, field) => void call.metrics(build(field)), list);

const { inputTokenDetails, outputTokenDetails } = sdk.realtimeMetrics();
const noneCached = { audioTokens: 0, textTokens: 0, imageTokens: 0 };

/** Every number of the SDK's events that becomes a sample. */
export const fields: readonly Field[] = [
  ...fieldsOf('LLMMetrics', sdk.llmMetrics, [
    ['ttftMs', 'lk_agents_llm_ttft_seconds', request],
    ['durationMs', 'lk_agents_llm_duration_seconds', request],
    ['tokensPerSecond', 'lk_agents_llm_tokens_per_second', rate],
    ['promptTokens', 'lk_agents_usage_llm_input_tokens_total', amount],
    ['promptCachedTokens', 'lk_agents_usage_llm_input_cached_tokens_total', amount],
    ['cacheCreationTokens', 'lk_agents_usage_llm_cache_creation_tokens_total', amount],
    ['completionTokens', 'lk_agents_usage_llm_output_tokens_total', amount],
  ]),
  ...fieldsOf('STTMetrics', sdk.sttMetrics, [
    ['durationMs', 'lk_agents_stt_duration_seconds', request],
    ['audioDurationMs', 'lk_agents_usage_stt_audio_duration_seconds_total', spent],
    ['inputTokens', 'lk_agents_usage_stt_input_tokens_total', amount],
    ['outputTokens', 'lk_agents_usage_stt_output_tokens_total', amount],
  ]),
  ...fieldsOf('TTSMetrics', sdk.ttsMetrics, [
    ['ttfbMs', 'lk_agents_tts_ttfb_seconds', request],
    ['durationMs', 'lk_agents_tts_duration_seconds', request],
    ['audioDurationMs', 'lk_agents_usage_tts_audio_duration_seconds_total', spent],
    ['charactersCount', 'lk_agents_usage_tts_characters_total', amount],
    ['inputTokens', 'lk_agents_usage_tts_input_tokens_total', amount],
    ['outputTokens', 'lk_agents_usage_tts_output_tokens_total', amount],
  ]),
  ...fieldsOf('VADMetrics', sdk.vadMetrics, [
    ['idleTimeMs', 'lk_agents_vad_idle_seconds_total', spent],
    ['inferenceDurationTotalMs', 'lk_agents_vad_inference_seconds_total', spent],
    ['inferenceCount', 'lk_agents_vad_inferences_total', amount],
  ]),
  ...fieldsOf('EOUMetrics', sdk.eouMetrics, [
    ['endOfUtteranceDelayMs', 'lk_agents_eou_delay_seconds', endOfUtterance],
    ['transcriptionDelayMs', 'lk_agents_eou_transcription_delay_seconds', delay],
    ['onUserTurnCompletedDelayMs', 'lk_agents_eou_on_user_turn_completed_delay_seconds', delay],
  ]),
  ...fieldsOf('EOTInferenceMetrics', sdk.eotMetrics, [
    ['totalDuration', 'lk_agents_eot_total_duration_seconds', inference],
    ['predictionDuration', 'lk_agents_eot_prediction_duration_seconds', inference],
    ['detectionDelay', 'lk_agents_eot_detection_delay_seconds', inference],
    ['numRequests', 'lk_agents_eot_requests_total', amount],
    ['numRequests', 'lk_agents_usage_eot_num_requests_total', amount],
  ]),
  ...fieldsOf('InterruptionMetrics', sdk.interruptionMetrics, [
    ['totalDuration', 'lk_agents_interruption_total_duration_seconds', inference],
    ['predictionDuration', 'lk_agents_interruption_prediction_duration_seconds', inference],
    ['detectionDelay', 'lk_agents_interruption_detection_delay_seconds', inference],
    ['numInterruptions', 'lk_agents_interruption_detected_total', amount],
    ['numBackchannels', 'lk_agents_interruption_backchannels_total', amount],
    ['numRequests', 'lk_agents_interruption_requests_total', amount],
    ['numRequests', 'lk_agents_usage_interruption_num_requests_total', amount],
  ]),
  ...fieldsOf('RealtimeModelMetrics', sdk.realtimeMetrics, [
    ['ttftMs', 'lk_agents_realtime_ttft_seconds', request],
    ['durationMs', 'lk_agents_realtime_duration_seconds', request],
    ['tokensPerSecond', 'lk_agents_realtime_tokens_per_second', rate],
    ['acquireTimeMs', 'lk_agents_connection_acquire_seconds', request],
    ['sessionDurationMs', 'lk_agents_usage_llm_session_duration_seconds_total', spent],
    ['inputTokens', 'lk_agents_usage_llm_input_tokens_total', amount],
    ['outputTokens', 'lk_agents_usage_llm_output_tokens_total', amount],
  ]),
  ...rows(
    'RealtimeModelMetrics.inputTokenDetails',
    (call, field) =>
      void call.metrics(sdk.realtimeMetrics({ inputTokenDetails: { ...inputTokenDetails, ...field } })),
    [
      ['cachedTokens', 'lk_agents_usage_llm_input_cached_tokens_total', amount],
      ['textTokens', 'lk_agents_usage_llm_input_text_tokens_total', amount],
      ['audioTokens', 'lk_agents_usage_llm_input_audio_tokens_total', amount],
      ['imageTokens', 'lk_agents_usage_llm_input_image_tokens_total', amount],
    ],
  ),
  ...rows(
    'RealtimeModelMetrics.inputTokenDetails.cachedTokensDetails',
    (call, field) => {
      const cachedTokensDetails = { ...noneCached, ...field };
      call.metrics(sdk.realtimeMetrics({ inputTokenDetails: { ...inputTokenDetails, cachedTokensDetails } }));
    },
    [
      ['textTokens', 'lk_agents_usage_llm_input_cached_text_tokens_total', amount],
      ['audioTokens', 'lk_agents_usage_llm_input_cached_audio_tokens_total', amount],
      ['imageTokens', 'lk_agents_usage_llm_input_cached_image_tokens_total', amount],
    ],
  ),
  ...rows(
    'RealtimeModelMetrics.outputTokenDetails',
    (call, field) =>
      void call.metrics(sdk.realtimeMetrics({ outputTokenDetails: { ...outputTokenDetails, ...field } })),
    [
      ['textTokens', 'lk_agents_usage_llm_output_text_tokens_total', amount],
      ['audioTokens', 'lk_agents_usage_llm_output_audio_tokens_total', amount],
      ['imageTokens', 'lk_agents_usage_llm_output_image_tokens_total', amount],
    ],
  ),
  ...fieldsOf('AvatarMetrics', sdk.avatarMetrics, [
    ['playbackLatencyMs', 'lk_agents_avatar_playback_latency_seconds', delay],
  ]),
  ...rows('ChatMessage.metrics', (call, metrics) => void call.says({ metrics: { ...metrics } }), [
    ['transcriptionDelay', 'lk_agents_turn_transcription_delay_seconds', spokenDelay],
    ['endOfTurnDelay', 'lk_agents_turn_end_of_turn_delay_seconds', spokenDelay],
    ['onUserTurnCompletedDelay', 'lk_agents_turn_on_user_turn_completed_delay_seconds', spokenDelay],
  ]),
  ...rows('ChatMessage.metrics', (call, metrics) => void call.replies({ metrics: { ...metrics } }), [
    ['llmNodeTtft', 'lk_agents_turn_llm_ttft_seconds', spokenRequest],
    ['ttsNodeTtfb', 'lk_agents_turn_tts_ttfb_seconds', spokenRequest],
    ['playbackLatency', 'lk_agents_turn_playback_latency_seconds', spokenDelay],
    ['e2eLatency', 'lk_agents_turn_e2e_latency_seconds', spokenRequest],
  ]),
  ...rows('ChatMessage', (call, message) => void call.says(message), [
    ['confidence', 'lk_agents_transcript_confidence_ratio', confidence],
  ]),
];
