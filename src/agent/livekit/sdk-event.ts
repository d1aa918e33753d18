import type { metrics, voice } from '@livekit/agents';
import type { MetricsEvent, MetricsEventOf, SessionEventName, SessionEvents } from '../../session/events.ts';

/** The end of a speech. The SDK has no such event: the session listener emits it when a speech is done. */
export interface SpeechDoneEvent {
  type: 'speech_done';
  speechHandle: { id: string; interrupted: boolean };
  createdAt: number;
}

type SdkEvent = voice.AgentEvent | voice.EotPredictionEvent;

/** Every event as the SDK emits it, as event logs and reports contain it: times and durations are in milliseconds. */
export type SdkEvents = {
  [E in `${voice.AgentSessionEventTypes}`]: Extract<SdkEvent, { type: E }>;
} & { speech_done: SpeechDoneEvent };

/** The fields of the SDK's events that nothing is measured of, beside `type`. */
interface Unread {
  agent_state_changed: 'oldState';
  user_state_changed: 'oldState';
  user_transcription_timeout: 'speechDuration' | 'vadSpeechStartedAt';
  user_input_transcribed: 'transcript' | 'isFinal' | 'itemId' | 'speakerId' | 'language';
  session_usage_updated: 'usage';
  speech_created: 'userInitiated' | 'source';
  overlapping_speech:
    | 'detectedAt'
    | 'agentEnded'
    | 'totalDurationInS'
    | 'predictionDurationInS'
    | 'detectionDelayInS'
    | 'overlapStartedAt'
    | 'speechInput'
    | 'probabilities'
    | 'probability'
    | 'numRequests';
  eot_prediction: 'inferenceDurationMs' | 'delayMs';
  close: 'error';
}

/** The fields of an SDK event that are neither read nor declared as unread. */
type Undeclared<E extends SessionEventName> = [SdkEvents[E]] extends [never]
  ? never
  : Exclude<
      keyof SdkEvents[E],
      'type' | keyof SessionEvents[E] | (E extends keyof Unread ? Unread[E] : never)
    >;

/** The same with each field, if only as undefined. */
type Complete<T> = { [Name in keyof Required<T>]: T[Name] };

/** A converter for each event. An event or a field that the SDK adds does not compile until it is declared. */
export type EventConverters = {
  [E in keyof SdkEvents]: [Undeclared<E>] extends [never]
    ? (event: SdkEvents[E]) => Complete<SessionEvents[E]>
    : { undeclared: Undeclared<E> };
};
/** A converter for each type of metrics event. A field that the SDK adds does not compile until it is converted. */
export type MetricsConverters = {
  [T in metrics.AgentMetrics['type']]: (
    m: Extract<metrics.AgentMetrics, { type: T }>,
  ) => Complete<MetricsEventOf<T>>;
};

/** Converts milliseconds to seconds. */
export const seconds = (ms: number): number => ms / 1000;

/** A duration in seconds; NaN if it is not a number, as may be in an event log. A missing one stays undefined. */
export const fromMs = <T extends number | undefined>(ms: T): T =>
  (typeof ms === 'number' ? ms / 1000 : ms === undefined ? undefined : Number.NaN) as T;

/**
 * A time in unix seconds. A missing one stays undefined. JSON has null for NaN, which counts as 0, as it does in JavaScript's
 * arithmetic.
 */
const timeOf = <T extends number | undefined>(ms: T): T =>
  (ms === undefined || (typeof ms === 'object' && ms !== null) ? ms && Number.NaN : ms / 1000) as T;

const momentOf = ({ createdAt }: { createdAt: number }) => ({ createdAt: timeOf(createdAt) });

// One object literal for each event, because these run in the job: V8 knows their shapes.

const metricsConverters: MetricsConverters = {
  llm_metrics: (m) => ({
    type: m.type,
    label: m.label,
    requestId: m.requestId,
    timestamp: timeOf(m.timestamp),
    duration: fromMs(m.durationMs),
    ttft: fromMs(m.ttftMs),
    cancelled: m.cancelled,
    completionTokens: m.completionTokens,
    promptTokens: m.promptTokens,
    promptCachedTokens: m.promptCachedTokens,
    cacheCreationTokens: m.cacheCreationTokens,
    totalTokens: m.totalTokens,
    tokensPerSecond: m.tokensPerSecond,
    speechId: m.speechId,
    metadata: m.metadata,
  }),
  stt_metrics: (m) => ({
    type: m.type,
    label: m.label,
    requestId: m.requestId,
    timestamp: timeOf(m.timestamp),
    duration: fromMs(m.durationMs),
    audioDuration: fromMs(m.audioDurationMs),
    inputTokens: m.inputTokens,
    outputTokens: m.outputTokens,
    streamed: m.streamed,
    metadata: m.metadata,
  }),
  tts_metrics: (m) => ({
    type: m.type,
    label: m.label,
    requestId: m.requestId,
    timestamp: timeOf(m.timestamp),
    ttfb: fromMs(m.ttfbMs),
    duration: fromMs(m.durationMs),
    audioDuration: fromMs(m.audioDurationMs),
    cancelled: m.cancelled,
    charactersCount: m.charactersCount,
    inputTokens: m.inputTokens,
    outputTokens: m.outputTokens,
    streamed: m.streamed,
    segmentId: m.segmentId,
    speechId: m.speechId,
    metadata: m.metadata,
  }),
  vad_metrics: (m) => ({
    type: m.type,
    label: m.label,
    timestamp: timeOf(m.timestamp),
    idleTime: fromMs(m.idleTimeMs),
    inferenceDurationTotal: fromMs(m.inferenceDurationTotalMs),
    inferenceCount: m.inferenceCount,
  }),
  eou_metrics: (m) => ({
    type: m.type,
    timestamp: timeOf(m.timestamp),
    endOfUtteranceDelay: fromMs(m.endOfUtteranceDelayMs),
    transcriptionDelay: fromMs(m.transcriptionDelayMs),
    onUserTurnCompletedDelay: fromMs(m.onUserTurnCompletedDelayMs),
    lastSpeakingTime: timeOf(m.lastSpeakingTimeMs),
    speechId: m.speechId,
  }),
  // The durations of detectors are in milliseconds, despite their names.
  eot_inference_metrics: (m) => ({
    type: m.type,
    timestamp: timeOf(m.timestamp),
    totalDuration: fromMs(m.totalDuration),
    predictionDuration: fromMs(m.predictionDuration),
    detectionDelay: fromMs(m.detectionDelay),
    numRequests: m.numRequests,
    metadata: m.metadata,
  }),
  interruption_metrics: (m) => ({
    type: m.type,
    timestamp: timeOf(m.timestamp),
    totalDuration: fromMs(m.totalDuration),
    predictionDuration: fromMs(m.predictionDuration),
    detectionDelay: fromMs(m.detectionDelay),
    numInterruptions: m.numInterruptions,
    numBackchannels: m.numBackchannels,
    numRequests: m.numRequests,
    metadata: m.metadata,
  }),
  realtime_model_metrics: (m) => ({
    type: m.type,
    label: m.label,
    requestId: m.requestId,
    timestamp: timeOf(m.timestamp),
    duration: fromMs(m.durationMs),
    sessionDuration: fromMs(m.sessionDurationMs),
    acquireTime: fromMs(m.acquireTimeMs),
    connectionReused: m.connectionReused,
    ttft: fromMs(m.ttftMs),
    cancelled: m.cancelled,
    inputTokens: m.inputTokens,
    outputTokens: m.outputTokens,
    totalTokens: m.totalTokens,
    tokensPerSecond: m.tokensPerSecond,
    inputTokenDetails: m.inputTokenDetails,
    outputTokenDetails: m.outputTokenDetails,
    metadata: m.metadata,
  }),
  avatar_metrics: (m) => ({
    type: m.type,
    timestamp: timeOf(m.timestamp),
    playbackLatency: fromMs(m.playbackLatencyMs),
    sessionStartedAt: timeOf(m.sessionStartedAt),
    avatarJoinedAt: timeOf(m.avatarJoinedAt),
    metadata: m.metadata,
  }),
};

/** A metrics event of the SDK in seconds. Of a type that is not known here, only the type is left. */
export function metricsInSeconds<T extends metrics.AgentMetrics['type']>(
  m: Extract<metrics.AgentMetrics, { type: T }>,
): MetricsEventOf<T> {
  if (!Object.hasOwn(metricsConverters, m.type)) return { type: m.type } as unknown as MetricsEventOf<T>;
  return (metricsConverters[m.type] as (m: metrics.AgentMetrics) => MetricsEvent)(m) as MetricsEventOf<T>;
}

const eventConverters: EventConverters = {
  metrics_collected: (event) => ({
    metrics: metricsInSeconds(event.metrics),
    createdAt: timeOf(event.createdAt),
  }),
  // The metrics of a message are in seconds already.
  conversation_item_added: ({ item, createdAt }) => ({ item, createdAt: timeOf(createdAt) }),
  function_tools_executed: ({ functionCalls, functionCallOutputs, createdAt }) => ({
    functionCalls: functionCalls.map((call) => ({ name: call.name, createdAt: timeOf(call.createdAt) })),
    functionCallOutputs: functionCallOutputs.map(
      (output) => output && { isError: output.isError, createdAt: timeOf(output.createdAt) },
    ),
    createdAt: timeOf(createdAt),
  }),
  agent_state_changed: ({ newState, createdAt }) => ({ newState, createdAt: timeOf(createdAt) }),
  user_state_changed: ({ newState, createdAt }) => ({ newState, createdAt: timeOf(createdAt) }),
  error: ({ error: { type, label, recoverable, timestamp }, source, createdAt }) => ({
    error: { type, label, recoverable, timestamp: timeOf(timestamp ?? undefined) },
    source,
    createdAt: timeOf(createdAt),
  }),
  overlapping_speech: ({ isInterruption }) => ({ isInterruption, createdAt: undefined }),
  agent_false_interruption: ({ resumed, createdAt }) => ({ resumed, createdAt: timeOf(createdAt) }),
  eot_prediction: ({ probability, threshold, createdAt }) => ({
    probability,
    threshold,
    createdAt: timeOf(createdAt),
  }),
  speech_created: ({ speechHandle, createdAt }) => ({ speechHandle, createdAt: timeOf(createdAt) }),
  speech_done: ({ speechHandle, createdAt }) => ({ speechHandle, createdAt: timeOf(createdAt) }),
  close: ({ reason, createdAt }) => ({ reason, createdAt: timeOf(createdAt) }),
  user_transcription_timeout: momentOf,
  user_input_transcribed: momentOf,
  session_usage_updated: momentOf,
  debug_message: momentOf,
};

/** An event of the SDK as `SessionObserver` handles it: in seconds. Throws if it does not have the shape of the SDK's event. */
export const inSeconds = <E extends SessionEventName>(name: E, event: SdkEvents[E]): SessionEvents[E] =>
  (eventConverters[name] as (event: SdkEvents[E]) => SessionEvents[E])(event);
