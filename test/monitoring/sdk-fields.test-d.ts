import type { llm, metrics, voice } from '@livekit/agents';
import type {
  commonFields,
  eventFields,
  messageFields,
  metricsFields,
  SdkFields,
} from '../../src/monitoring/sdk-fields.ts';

// Compiled by `npm run types`: a field that the SDK gains, loses or renames fails there, by its name.

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

/** The fields of a type, those of objects in it included: `a`, `a.b`. */
type Paths<T> = {
  [K in keyof T & string]: NonNullable<T[K]> extends object ? K | `${K}.${Paths<NonNullable<T[K]>>}` : K;
}[keyof T & string];
type Names<F extends readonly { node: string }[]> = F[number]['node'];
type Listed<F extends SdkFields> = Names<F['documented']> | Names<F['further']>;
type Difference<A, B> = Exclude<A, B> | Exclude<B, A>;

/** Compiles for `never` only; else the error names what is left. */
type None<T extends never> = T;

type MetricsDifference = {
  [T in keyof MetricsTypes]: Difference<
    Exclude<Paths<MetricsTypes[T]>, Common>,
    Listed<(typeof metricsFields)[T]>
  >;
}[keyof MetricsTypes];
type Common = Names<typeof commonFields> | 'metadata';
type Invented = {
  [T in keyof EventTypes]: Exclude<Names<(typeof eventFields)[T]>, keyof EventTypes[T] | NestedError<T>>;
}[keyof EventTypes];
type NestedError<T> = T extends 'ErrorEvent' ? `error.${keyof voice.ErrorEvent['error'] & string}` : never;

export type Checked = [
  // All metrics events are here, with all their fields and no others.
  None<Difference<metrics.AgentMetrics['type'], MetricsTypes[keyof MetricsTypes]['type']>>,
  None<Difference<keyof typeof metricsFields, keyof MetricsTypes>>,
  None<MetricsDifference>,
  None<Exclude<Names<typeof commonFields>, Paths<metrics.LLMMetrics>>>,
  // So are all metrics of a message.
  None<Difference<keyof llm.MetricsReport, Listed<typeof messageFields>>>,
  // Of other events, the fields that are here exist.
  None<Difference<keyof typeof eventFields, keyof EventTypes>>,
  None<Invented>,
];
