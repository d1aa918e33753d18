/** What a field counts in; a `duration` is in milliseconds in Node.js and in seconds in Python. */
export type FieldUnit =
  | 'duration'
  | 'seconds'
  | 'tokens'
  | 'tokens/s'
  | 'characters'
  | 'count'
  | 'ratio'
  /** In milliseconds since the epoch in Node.js, in seconds in Python. */
  | 'time'
  /** In seconds since the epoch. */
  | 'time in seconds'
  | 'flag'
  | 'name'
  | 'object';

/** A field of an SDK type under its names in `@livekit/agents` (Node.js) and `livekit-agents` (Python). */
export interface SdkField {
  node: string;
  python?: string;
  unit: FieldUnit;
  /** How it is used, or why no series is made of it. */
  note?: string;
}

export interface SdkFields {
  title: string;
  /** The fields that LiveKit's own metrics reference lists, in its order. */
  documented: readonly SdkField[];
  /** Those that it leaves out. */
  further: readonly SdkField[];
}

/** Makes fields of a unit. Keeps the names as literal types, so that they can be checked against the SDK's. */
const fieldIn =
  <const U extends FieldUnit>(unit: U) =>
  <const N extends string, const P extends string | undefined = undefined>(
    node: N,
    python?: P,
    note?: string,
  ) => ({ node, python, unit, note });

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
      name('segmentId', 'segment_id', 'Distinguishes the segments of one request. An id is never a label.'),
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

const seconds = fieldIn('seconds');
const timeInSeconds = fieldIn('time in seconds');
const ratio = fieldIn('ratio');

/** Every field of a message's own metrics. */
export const messageFields = {
  title: 'A message of the conversation: `ChatMessage.metrics`',
  documented: [],
  further: [
    seconds('e2eLatency', 'e2e_latency'),
    seconds('transcriptionDelay', 'transcription_delay'),
    seconds('endOfTurnDelay', 'end_of_turn_delay'),
    seconds('onUserTurnCompletedDelay', 'on_user_turn_completed_delay'),
    seconds('llmNodeTtft', 'llm_node_ttft'),
    seconds('ttsNodeTtfb', 'tts_node_ttfb'),
    seconds('playbackLatency', 'playback_latency'),
    timeInSeconds('startedSpeakingAt', 'started_speaking_at', 'Says which replies were heard, and when.'),
    timeInSeconds(
      'stoppedSpeakingAt',
      'stopped_speaking_at',
      "Finds the user's message that a reply answers.",
    ),
    name('providerRequestIds', undefined, 'An id is never a label.'),
  ],
} as const satisfies SdkFields;

/** The fields of other events that the catalogue's series are made of, by the SDK's type. */
export const eventFields = {
  ChatMessage: [
    flag('interrupted', 'interrupted', 'As the label `outcome`.'),
    ratio('transcriptConfidence', 'transcript_confidence'),
  ],
  FunctionCall: [time('createdAt', 'created_at', "The time from here to the output's.")],
  FunctionCallOutput: [
    flag('isError', 'is_error', 'As the label `outcome`.'),
    time('createdAt', 'created_at', "The time from the call's to here."),
  ],
  EotPredictionEvent: [
    ratio('probability', 'probability', 'Compared with the threshold; as the label `likely`.'),
    ratio('threshold', 'threshold', 'Compared with the probability; as the label `likely`.'),
  ],
  OverlappingSpeechEvent: [flag('isInterruption', 'is_interruption', 'As the label `interruption`.')],
  AgentFalseInterruptionEvent: [flag('resumed', 'resumed', 'As the label `resumed`.')],
  ErrorEvent: [
    name('error.type', 'error.type', 'As the label `component`.'),
    flag('error.recoverable', 'error.recoverable', 'As the label `recoverable`.'),
  ],
  CloseEvent: [name('reason', 'reason', 'As the label `close_reason`.')],
} as const;
