import { SpanStatusCode } from '@opentelemetry/api';
import type { TurnRules } from '../telemetry/turn-sampling.ts';

/** How turns look in the SDK's spans. An answer with tools is several `agent_turn`s with one speech id. */
export const turnRules = (slowTurnSeconds: number): TurnRules => ({
  sideOf: (name) => (name === 'user_turn' ? 'user' : name === 'agent_turn' ? 'agent' : undefined),
  answerOf: ({ attributes }) => attributes['lk.speech_id']?.toString(),
  notable: ({ attributes, status, events }) =>
    status.code === SpanStatusCode.ERROR ||
    attributes['error.type'] !== undefined ||
    attributes['lk.interrupted'] === true ||
    attributes['lk.function_tool.is_error'] === true ||
    Number(attributes['lk.e2e_latency'] ?? 0) > slowTurnSeconds ||
    events.some(({ name }) => name === 'exception'),
});
