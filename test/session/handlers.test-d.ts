import type { metrics, voice } from '@livekit/agents';
import type { SessionEvents } from '../../src/session/events.ts';
import type { Handlers as MetricHandlers } from '../../src/session/metric-events.ts';
import type { Handlers as EventHandlers } from '../../src/session/session-observer.ts';
import type { Handlers as UsageHandlers } from '../../src/session/usage.ts';

// Compiled by `npm run types`: if the SDK adds an event that has no handler, compilation fails.

/** Compiles for `never` only; otherwise the error names the remaining members. */
type None<T extends never> = T;
type Difference<A, B> = Exclude<A, B> | Exclude<B, A>;

/** Events that the SDK names but does not type. */
type Shapeless = {
  [E in keyof SessionEvents]: [SessionEvents[E]] extends [never] ? E : never;
}[keyof SessionEvents];

export type Checked = [
  None<Difference<keyof MetricHandlers, metrics.AgentMetrics['type']>>,
  None<Difference<keyof UsageHandlers, metrics.AgentMetrics['type']>>,
  None<Difference<keyof EventHandlers, `${voice.AgentSessionEventTypes}` | 'speech_done'>>,
  // Each handler receives the event type of its name, not `any`.
  None<Difference<Parameters<MetricHandlers['eou_metrics']>[1], metrics.EOUMetrics>>,
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
