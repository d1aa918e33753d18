import type { llm, metrics, voice } from '@livekit/agents';

/** A name of the SDK's without the suffix for milliseconds. */
type WithoutUnit<Name> = Name extends `${infer Quantity}Ms` ? Quantity : Name;

/** The SDK's metrics events under the same names, but with each time in unix seconds and each duration in seconds. */
type InSeconds<Event> = Event extends unknown
  ? { [Name in keyof Event as WithoutUnit<Name>]: Event[Name] }
  : never;

export type MetricsEvent = InSeconds<metrics.AgentMetrics>;
export type MetricsEventOf<T extends MetricsEvent['type']> = Extract<MetricsEvent, { type: T }>;

/** An event of which only the time is read. */
interface Moment {
  createdAt: number;
}

/** The SDK's events with the fields that are read. `createdAt` and all other times are unix seconds. */
export interface SessionEvents {
  agent_state_changed: Moment & { newState: voice.AgentState };
  user_state_changed: Moment & { newState: voice.UserState };
  conversation_item_added: Moment & {
    item:
      | MessageFields
      | { type: 'agent_handoff'; oldAgentId?: string | undefined }
      | { type: 'agent_config_update' | 'function_call' | 'function_call_output'; oldAgentId?: undefined };
  };
  function_tools_executed: Moment & {
    functionCalls: { name: string; createdAt?: number | undefined }[];
    functionCallOutputs: ({ isError: boolean; createdAt?: number | undefined } | undefined)[];
  };
  metrics_collected: Moment & { metrics: MetricsEvent };
  error: Moment & {
    error: { type: string; label: string; recoverable: boolean; timestamp?: number | undefined };
    source?: { provider?: string | undefined; model?: string | undefined } | undefined;
  };
  overlapping_speech: Partial<Moment> & { isInterruption: boolean };
  agent_false_interruption: Moment & { resumed: boolean };
  eot_prediction: Moment & { probability: number; threshold: number };
  speech_created: Moment & { speechHandle: { id: string } };
  /** The end of a speech. The SDK has no such event: `observe` emits it from `SpeechHandle.addDoneCallback`. */
  speech_done: Moment & { speechHandle: { id: string; interrupted: boolean } };
  close: Moment & { reason: string };
  user_transcription_timeout: Moment;
  user_input_transcribed: Moment;
  session_usage_updated: Moment;
  debug_message: Moment;
}

export type SessionEventName = keyof SessionEvents;

/** A message of the conversation. Its metrics are in seconds in the SDK, too. */
export type MessageFields = { type: 'message' } & Pick<llm.ChatMessage, 'role' | 'metrics' | 'interrupted'> &
  Partial<Pick<llm.ChatMessage, 'transcriptConfidence'>>;

export interface Model {
  readonly model_provider: string;
  readonly model_name: string;
}

export const unknownModel: Model = { model_provider: 'unknown', model_name: 'unknown' };

/** The models of a turn. */
export interface TurnModels {
  llm?: Model;
  tts?: Model;
}

/** The model of an event; `unknown`, as in the SDK, if the plugin does not report it. */
export const modelOf = (metadata: metrics.MetricsMetadata | undefined): Model => ({
  model_provider: metadata?.modelProvider || 'unknown',
  model_name: metadata?.modelName || 'unknown',
});
