import type { metrics } from '@livekit/agents';
import type { MetricName } from '../../../src/catalogue/metrics.ts';
import type { Call } from './call.ts';
import * as sdk from './sdk-metrics.ts';

/** The valid values of a field. */
interface ValidValues {
  /** A value of the field, and the same value in the unit of the series. */
  good: readonly [field: number, series: number];
  /** A value above the plausible maximum, in the unit of the field. */
  tooLarge: number;
  /** The meaning of 0: a value, missing, or nothing to count. */
  zero: 'value' | 'missing' | 'nothing';
}

/** A field of an event and its series. */
export interface Field extends ValidValues {
  /** The SDK's type and the field's name. */
  name: string;
  metric: MetricName;
  /** Emits the event with the field at `value`. */
  emit(call: Call, value: never): void;
}

/** Milliseconds. */
const delay: ValidValues = { good: [250, 0.25], tooLarge: 181_000, zero: 'value' };
const request: ValidValues = { good: [250, 0.25], tooLarge: 601_000, zero: 'value' };
const inference: ValidValues = { ...request, zero: 'missing' };
/** A delay of 203 s was seen in production, and 0 means that no end of speech was detected. */
const endOfUtterance: ValidValues = { ...delay, tooLarge: 203_000, zero: 'missing' };
const duration: ValidValues = { good: [250, 0.25], tooLarge: 1.1e15, zero: 'nothing' };
const amount: ValidValues = { good: [7, 7], tooLarge: 1.1e12, zero: 'nothing' };
const rate: ValidValues = { ...amount, zero: 'missing' };
/** Seconds, as in `ChatMessage.metrics`. */
const messageDelay: ValidValues = { good: [0.25, 0.25], tooLarge: 181, zero: 'value' };
const messageRequest: ValidValues = { ...messageDelay, tooLarge: 601 };
const confidence: ValidValues = { good: [0.93, 0.93], tooLarge: 1.01, zero: 'missing' };

type Rows = readonly (readonly [field: string, metric: MetricName, valid: ValidValues])[];

const rows = (type: string, emit: (call: Call, field: object) => void, list: Rows): Field[] =>
  list.map(([field, metric, valid]) => ({
    ...valid,
    name: `${type}.${field}`,
    metric,
    emit: (call, value) => emit(call, { [field]: value }),
  }));

/** The fields of a type of metrics event. */
const fieldsOf = (type: string, build: (given: object) => metrics.AgentMetrics, list: Rows) =>
  rows(type, (call, field) => void call.metrics(build(field)), list);

const { inputTokenDetails, outputTokenDetails } = sdk.realtimeMetrics();
const noCachedTokens = { audioTokens: 0, textTokens: 0, imageTokens: 0 };

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
    ['audioDurationMs', 'lk_agents_usage_stt_audio_duration_seconds_total', duration],
    ['inputTokens', 'lk_agents_usage_stt_input_tokens_total', amount],
    ['outputTokens', 'lk_agents_usage_stt_output_tokens_total', amount],
  ]),
  ...fieldsOf('TTSMetrics', sdk.ttsMetrics, [
    ['ttfbMs', 'lk_agents_tts_ttfb_seconds', request],
    ['durationMs', 'lk_agents_tts_duration_seconds', request],
    ['audioDurationMs', 'lk_agents_usage_tts_audio_duration_seconds_total', duration],
    ['charactersCount', 'lk_agents_usage_tts_characters_total', amount],
    ['inputTokens', 'lk_agents_usage_tts_input_tokens_total', amount],
    ['outputTokens', 'lk_agents_usage_tts_output_tokens_total', amount],
  ]),
  ...fieldsOf('VADMetrics', sdk.vadMetrics, [
    ['idleTimeMs', 'lk_agents_vad_idle_seconds_total', duration],
    ['inferenceDurationTotalMs', 'lk_agents_vad_inference_seconds_total', duration],
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
    ['sessionDurationMs', 'lk_agents_usage_llm_session_duration_seconds_total', duration],
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
      const cachedTokensDetails = { ...noCachedTokens, ...field };
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
    ['transcriptionDelay', 'lk_agents_turn_transcription_delay_seconds', messageDelay],
    ['endOfTurnDelay', 'lk_agents_turn_end_of_turn_delay_seconds', messageDelay],
    ['onUserTurnCompletedDelay', 'lk_agents_turn_on_user_turn_completed_delay_seconds', messageDelay],
  ]),
  ...rows('ChatMessage.metrics', (call, metrics) => void call.replies({ metrics: { ...metrics } }), [
    ['llmNodeTtft', 'lk_agents_turn_llm_ttft_seconds', messageRequest],
    ['ttsNodeTtfb', 'lk_agents_turn_tts_ttfb_seconds', messageRequest],
    ['playbackLatency', 'lk_agents_turn_playback_latency_seconds', messageDelay],
    ['e2eLatency', 'lk_agents_turn_e2e_latency_seconds', messageRequest],
  ]),
  ...rows('ChatMessage', (call, message) => void call.says(message), [
    ['confidence', 'lk_agents_transcript_confidence_ratio', confidence],
  ]),
];
