import type { metrics, voice } from '@livekit/agents';
import type { EventConverters, MetricsConverters, SdkEvents } from '../../src/agent/livekit/sdk-event.ts';
import type { MetricsEventOf } from '../../src/session/events.ts';
import type { Handlers as MetricHandlers } from '../../src/session/metric-events.ts';
import type { Handlers as EventHandlers } from '../../src/session/session-observer.ts';
import type { Handlers as UsageHandlers } from '../../src/session/usage.ts';

// Compiled by `npm run types`: if the SDK adds an event that has no handler, compilation fails.

/** Compiles for `never` only; otherwise the error names the remaining members. */
type None<T extends never> = T;
type Difference<A, B> = Exclude<A, B> | Exclude<B, A>;

/** Events that the SDK names but does not type. */
type Shapeless = {
  [E in keyof SdkEvents]: [SdkEvents[E]] extends [never] ? E : never;
}[keyof SdkEvents];

export type Checked = [
  None<Difference<keyof MetricHandlers, metrics.AgentMetrics['type']>>,
  None<Difference<keyof UsageHandlers, metrics.AgentMetrics['type']>>,
  None<Difference<keyof EventHandlers, `${voice.AgentSessionEventTypes}` | 'speech_done'>>,
  // Each handler receives the event type of its name, not `any`.
  None<Difference<Parameters<MetricHandlers['eou_metrics']>[1], MetricsEventOf<'eou_metrics'>>>,
  None<Difference<keyof MetricsEventOf<'tts_metrics'> & `${string}Ms`, never>>,
  None<Difference<keyof EventConverters, keyof EventHandlers>>,
  None<Difference<keyof MetricsConverters, keyof MetricHandlers>>,
  // `debug_message` is not in the SDK's event types.
  None<Exclude<Shapeless, 'debug_message'>>,
];

declare const metricsBut: Omit<MetricHandlers, 'avatar_metrics'>;
declare const usageBut: Omit<UsageHandlers, 'avatar_metrics'>;
declare const eventsBut: Omit<EventHandlers, 'eot_prediction'>;

// @ts-expect-error: a metrics event type without a handler
export const metricHandlers: MetricHandlers = metricsBut;
// @ts-expect-error: a metrics event type without a usage handler
export const usageHandlers: UsageHandlers = usageBut;
// @ts-expect-error: an event without a handler
export const eventHandlers: EventHandlers = eventsBut;

declare const readsLlm: MetricHandlers['llm_metrics'];
// @ts-expect-error: the handler of another event type
export const misplaced: MetricHandlers['vad_metrics'] = readsLlm;

declare const llmBut: Omit<MetricsEventOf<'llm_metrics'>, 'cacheCreationTokens'>;
// @ts-expect-error: a field that is not converted, even an optional one
export const incomplete: MetricsConverters['llm_metrics'] = () => llmBut;
// @ts-expect-error: a time in milliseconds, which has another name
export const unconverted: MetricsConverters['vad_metrics'] = (m) => m;
