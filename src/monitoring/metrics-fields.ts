import { fieldIn, type SdkFields } from './sdk-field.ts';

const duration = fieldIn('duration');
const tokens = fieldIn('tokens');
const rate = fieldIn('tokens/s');
const count = fieldIn('count');
const flag = fieldIn('flag');
const time = fieldIn('time');
const name = fieldIn('name');
const object = fieldIn('object');

const asStreamed = 'As the label `streamed`.';
const asOutcome = 'As the label `outcome`.';
const speech = 'Joins the parts of the estimated latency. An id is never a label.';
const total = 'Input and output tokens have a series each; their sum would count both twice.';
const part = 'Also a part of the estimated latency.';
const below = 'Field by field, below.';

/**
 * Every field of the SDK's metrics events, except those that nearly all of them have (see `commonFields`).
 * The titles and the order are those of LiveKit's metrics reference.
 */
export const metricsFields = {
  VADMetrics: {
    title: 'Voice activity detection (VAD)',
    documented: [
      duration('idleTimeMs', 'idle_time'),
      duration('inferenceDurationTotalMs', 'inference_duration_total'),
      count('inferenceCount', 'inference_count'),
    ],
    further: [],
  },
  STTMetrics: {
    title: 'Speech-to-text (STT)',
    documented: [
      duration('audioDurationMs', 'audio_duration'),
      duration('durationMs', 'duration', 'Of non-streaming STT; streaming STT always reports 0.'),
      flag('streamed', 'streamed', asStreamed),
    ],
    further: [tokens('inputTokens', 'input_tokens'), tokens('outputTokens', 'output_tokens')],
  },
  EOUMetrics: {
    title: 'End-of-utterance (EOU)',
    documented: [
      duration('endOfUtteranceDelayMs', 'end_of_utterance_delay', part),
      duration('transcriptionDelayMs', 'transcription_delay'),
      duration('onUserTurnCompletedDelayMs', 'on_user_turn_completed_delay'),
      time(
        'lastSpeakingTimeMs',
        undefined,
        'A point in time: nothing to add up. The delays that the SDK measures from it have series.',
      ),
      name('speechId', 'speech_id', speech),
    ],
    further: [],
  },
  LLMMetrics: {
    title: 'LLM',
    documented: [
      duration('durationMs', 'duration'),
      tokens('completionTokens', 'completion_tokens'),
      tokens('promptTokens', 'prompt_tokens'),
      tokens('promptCachedTokens', 'prompt_cached_tokens'),
      name('speechId', 'speech_id', speech),
      tokens('totalTokens', 'total_tokens', total),
      rate('tokensPerSecond', 'tokens_per_second'),
      duration('ttftMs', 'ttft', part),
    ],
    further: [
      flag('cancelled', 'cancelled', asOutcome),
      tokens('cacheCreationTokens', 'cache_creation_tokens'),
    ],
  },
  RealtimeModelMetrics: {
    title: 'Realtime model',
    documented: [
      duration('durationMs', 'duration'),
      duration('sessionDurationMs', 'session_duration'),
      duration('ttftMs', 'ttft'),
      tokens('inputTokens', 'input_tokens'),
      tokens('outputTokens', 'output_tokens'),
      tokens('totalTokens', 'total_tokens', total),
      rate('tokensPerSecond', 'tokens_per_second'),
      object('inputTokenDetails', 'input_token_details', below),
      tokens('inputTokenDetails.audioTokens', 'input_token_details.audio_tokens'),
      tokens('inputTokenDetails.textTokens', 'input_token_details.text_tokens'),
      tokens('inputTokenDetails.imageTokens', 'input_token_details.image_tokens'),
      tokens('inputTokenDetails.cachedTokens', 'input_token_details.cached_tokens'),
      object(
        'inputTokenDetails.cachedTokensDetails',
        'input_token_details.cached_tokens_details',
        "Field by field, below. LiveKit's page writes `cachedTokenDetails`; this is the name in the SDK.",
      ),
      tokens(
        'inputTokenDetails.cachedTokensDetails.audioTokens',
        'input_token_details.cached_tokens_details.audio_tokens',
      ),
      tokens(
        'inputTokenDetails.cachedTokensDetails.textTokens',
        'input_token_details.cached_tokens_details.text_tokens',
      ),
      tokens(
        'inputTokenDetails.cachedTokensDetails.imageTokens',
        'input_token_details.cached_tokens_details.image_tokens',
      ),
      object('outputTokenDetails', 'output_token_details', below),
      tokens('outputTokenDetails.textTokens', 'output_token_details.text_tokens'),
      tokens('outputTokenDetails.audioTokens', 'output_token_details.audio_tokens'),
      tokens('outputTokenDetails.imageTokens', 'output_token_details.image_tokens'),
    ],
    further: [
      flag('cancelled', 'cancelled', asOutcome),
      duration('acquireTimeMs', 'acquire_time'),
      flag('connectionReused', 'connection_reused', 'As the label `reused`.'),
    ],
  },
  TTSMetrics: {
    title: 'Text-to-speech (TTS)',
    documented: [
      duration('audioDurationMs', 'audio_duration'),
      fieldIn('characters')('charactersCount', 'characters_count'),
      duration('durationMs', 'duration'),
      duration('ttfbMs', 'ttfb', part),
      name('speechId', 'speech_id', speech),
      flag('streamed', 'streamed', asStreamed),
    ],
    further: [
      flag('cancelled', 'cancelled', asOutcome),
      tokens('inputTokens', 'input_tokens'),
      tokens('outputTokens', 'output_tokens'),
      name('segmentId', 'segment_id', 'Tells the segments of one request apart. An id is never a label.'),
    ],
  },
  InterruptionMetrics: {
    title: 'Interruption detection',
    documented: [
      duration('totalDuration', 'total_duration'),
      duration('predictionDuration', 'prediction_duration'),
      duration('detectionDelay', 'detection_delay'),
      count('numInterruptions', 'num_interruptions'),
      count('numBackchannels', 'num_backchannels'),
      count('numRequests', 'num_requests'),
    ],
    further: [],
  },
  EOTInferenceMetrics: {
    title: 'End-of-turn detector',
    documented: [],
    further: [
      duration('totalDuration', 'total_duration'),
      duration('predictionDuration', 'prediction_duration'),
      duration('detectionDelay', 'detection_delay'),
      count('numRequests', 'num_requests'),
    ],
  },
  AvatarMetrics: {
    title: 'Avatar',
    documented: [],
    further: [
      duration('playbackLatencyMs', 'playback_latency'),
      time('sessionStartedAt', 'session_started_time', 'The time from here to `avatarJoinedAt`.'),
      time('avatarJoinedAt', 'avatar_joined_time', 'The time from `sessionStartedAt` to here.'),
    ],
  },
} as const satisfies Record<string, SdkFields>;

/** What (nearly) every metrics event has, in both SDKs. */
export const commonFields = [
  name('type', 'type', 'Says which of the types above an event is.'),
  time('timestamp', 'timestamp', 'When it happened: the clock by which unmatched speeches expire.'),
  name(
    'label',
    'label',
    "The plugin's class. Recognises adapters; the labels `model_provider` and `model_name` say more.",
  ),
  name('requestId', 'request_id', 'Recognises an event that repeats another. An id is never a label.'),
  name('metadata.modelProvider', 'metadata.model_provider', 'The label `model_provider`.'),
  name('metadata.modelName', 'metadata.model_name', 'The label `model_name`.'),
] as const;
