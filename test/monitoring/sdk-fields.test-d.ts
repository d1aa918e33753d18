import type { llm, metrics, voice } from '@livekit/agents';
import type {
  commonFields,
  eventFields,
  messageFields,
  metricsFields,
  SdkFields,
} from '../../src/monitoring/sdk-fields.ts';

// Compiled by `npm run types`: an added, removed or renamed field of the SDK is a type error that names the field.

interface MetricsTypes {
  VADMetrics: metrics.VADMetrics;
  STTMetrics: metrics.STTMetrics;
  EOUMetrics: metrics.EOUMetrics;
  LLMMetrics: metrics.LLMMetrics;
  RealtimeModelMetrics: metrics.RealtimeModelMetrics;
  TTSMetrics: metrics.TTSMetrics;
  InterruptionMetrics: metrics.InterruptionMetrics;
  EOTInferenceMetrics: metrics.EOTInferenceMetrics;
  AvatarMetrics: metrics.AvatarMetrics;
}
interface EventTypes {
  ChatMessage: llm.ChatMessage;
  FunctionCall: llm.FunctionCall;
  FunctionCallOutput: llm.FunctionCallOutput;
  EotPredictionEvent: voice.EotPredictionEvent;
  OverlappingSpeechEvent: Extract<voice.AgentEvent, { type: 'overlapping_speech' }>;
  AgentFalseInterruptionEvent: voice.AgentFalseInterruptionEvent;
  ErrorEvent: voice.ErrorEvent;
  CloseEvent: voice.CloseEvent;
}

/** The fields of a type, including nested fields: `a`, `a.b`. */
type Paths<T> = {
  [K in keyof T & string]: NonNullable<T[K]> extends object ? K | `${K}.${Paths<NonNullable<T[K]>>}` : K;
}[keyof T & string];
type Names<F extends readonly { node: string }[]> = F[number]['node'];
type Listed<F extends SdkFields> = Names<F['documented']> | Names<F['further']>;
type Difference<A, B> = Exclude<A, B> | Exclude<B, A>;

/** Compiles only for `never`; otherwise the error names the remaining fields. */
type AssertNever<T extends never> = T;

type MetricsDifference = {
  [T in keyof MetricsTypes]: Difference<
    Exclude<Paths<MetricsTypes[T]>, Common>,
    Listed<(typeof metricsFields)[T]>
  >;
}[keyof MetricsTypes];
type Common = Names<typeof commonFields> | 'metadata';
type UnknownField = {
  [T in keyof EventTypes]: Exclude<Names<(typeof eventFields)[T]>, keyof EventTypes[T] | NestedError<T>>;
}[keyof EventTypes];
type NestedError<T> = T extends 'ErrorEvent' ? `error.${keyof voice.ErrorEvent['error'] & string}` : never;

export type Checked = [
  // All metrics events are listed, with exactly their fields.
  AssertNever<Difference<metrics.AgentMetrics['type'], MetricsTypes[keyof MetricsTypes]['type']>>,
  AssertNever<Difference<keyof typeof metricsFields, keyof MetricsTypes>>,
  AssertNever<MetricsDifference>,
  AssertNever<Exclude<Names<typeof commonFields>, Paths<metrics.LLMMetrics>>>,
  // All metrics of a message are listed, too.
  AssertNever<Difference<keyof llm.MetricsReport, Listed<typeof messageFields>>>,
  // The listed fields of other events exist.
  AssertNever<Difference<keyof typeof eventFields, keyof EventTypes>>,
  AssertNever<UnknownField>,
];
