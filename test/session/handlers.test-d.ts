import type { metrics, voice } from '@livekit/agents';
import type { SessionEvents } from '../../src/session/events.ts';
import type { Handlers as MetricHandlers } from '../../src/session/metric-events.ts';
import type { Handlers as EventHandlers } from '../../src/session/session-observer.ts';
import type { Handlers as UsageHandlers } from '../../src/session/usage.ts';

// Compiled by `npm run types`: an event that the SDK gains must be read, or nothing compiles.

/** Compiles for `never` only; else the error names what is left. */
type None<T extends never> = T;
type Difference<A, B> = Exclude<A, B> | Exclude<B, A>;

/** The events that the SDK has a name and no type for. */
type Shapeless = {
  [E in keyof SessionEvents]: [SessionEvents[E]] extends [never] ? E : never;
}[keyof SessionEvents];

export type Checked = [
  None<Difference<keyof MetricHandlers, metrics.AgentMetrics['type']>>,
  None<Difference<keyof UsageHandlers, metrics.AgentMetrics['type']>>,
  None<Difference<keyof EventHandlers, `${voice.AgentSessionEventTypes}` | 'speech_done'>>,
  // Each reader is given the event of its name, and not merely any.
  None<Difference<Parameters<MetricHandlers['eou_metrics']>[1], metrics.EOUMetrics>>,
  // `debug_message` is no event of the SDK's own types.
  None<Exclude<Shapeless, 'debug_message'>>,
];

declare const metricsBut: Omit<MetricHandlers, 'avatar_metrics'>;
declare const usageBut: Omit<UsageHandlers, 'avatar_metrics'>;
declare const eventsBut: Omit<EventHandlers, 'eot_prediction'>;

// @ts-expect-error: a type of metrics event without a reader
export const metricHandlers: MetricHandlers = metricsBut;
// @ts-expect-error: a type of metrics event of which it is not said what it costs
export const usageHandlers: UsageHandlers = usageBut;
// @ts-expect-error: an event without a reader
export const eventHandlers: EventHandlers = eventsBut;

declare const readsLlm: MetricHandlers['llm_metrics'];
// @ts-expect-error: the reader of another type of event
export const misplaced: MetricHandlers['vad_metrics'] = readsLlm;
