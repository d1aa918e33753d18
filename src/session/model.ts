import type { metrics } from '@livekit/agents';

export interface Model {
  readonly model_provider: string;
  readonly model_name: string;
}

export const unknownModel: Model = { model_provider: 'unknown', model_name: 'unknown' };

/** The models that serve a turn. */
export interface TurnModels {
  llm?: Model;
  tts?: Model;
}

/** The model that an event is about; `unknown`, as in the SDK, where a plugin does not say. */
export const modelOf = (metadata: metrics.MetricsMetadata | undefined): Model => ({
  model_provider: metadata?.modelProvider || 'unknown',
  model_name: metadata?.modelName || 'unknown',
});
