import type { llm, metrics, voice } from '@livekit/agents';

/** The end of a speech. The SDK has no such event: `observe` emits it from `SpeechHandle.addDoneCallback`. */
export interface SpeechDoneEvent {
  type: 'speech_done';
  speechHandle: { id: string; interrupted: boolean };
  createdAt: number;
}

type SdkEvent = voice.AgentEvent | voice.EotPredictionEvent;

/** Every event of a session by name. A new one in the SDK does not compile until it has a handler. */
export type SessionEvents = {
  [E in `${voice.AgentSessionEventTypes}`]: Extract<SdkEvent, { type: E }>;
} & { speech_done: SpeechDoneEvent };

export type SessionEventName = keyof SessionEvents;

/** The fields that are read of some events. Sources other than the SDK provide only these. */
interface ReadFields {
  conversation_item_added: {
    item:
      | ({ type: 'message' } & Pick<llm.ChatMessage, 'role' | 'metrics' | 'interrupted'> &
          Partial<Pick<llm.ChatMessage, 'transcriptConfidence'>>)
      | { type: 'agent_handoff'; oldAgentId?: string | undefined }
      | { type: 'agent_config_update' | 'function_call' | 'function_call_output'; oldAgentId?: undefined };
    createdAt: number;
  };
  function_tools_executed: {
    functionCalls: { name: string; createdAt?: number }[];
    functionCallOutputs: ({ isError: boolean; createdAt?: number } | undefined)[];
    createdAt: number;
  };
  error: {
    error: { type: string; label: string; recoverable: boolean; timestamp?: number };
    source?: { provider?: string; model?: string } | undefined;
    createdAt: number;
  };
  speech_created: { speechHandle: { id: string }; createdAt: number };
  overlapping_speech: { isInterruption: boolean; createdAt?: number };
  eot_prediction: { probability: number; threshold: number; createdAt: number };
  close: { reason: string; createdAt: number };
}

/** Every event of a session with the fields that are read. */
export type ObservedEvents = {
  [E in SessionEventName]: E extends keyof ReadFields ? ReadFields[E] : SessionEvents[E];
};

export type MessageFields = Extract<ReadFields['conversation_item_added']['item'], { type: 'message' }>;
export type ToolsFields = ReadFields['function_tools_executed'];

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
