import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { expect, test, vi } from 'vitest';
import { Exemplars } from '../../../src/agent/livekit/exemplars.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanOf = (spanId: string, name: string, traceFlags = TraceFlags.SAMPLED) =>
  Object.assign(trace.wrapSpanContext({ traceId, spanId, traceFlags }), { name });
const active = (span?: ReturnType<typeof spanOf>) => vi.spyOn(trace, 'getActiveSpan').mockReturnValue(span);

const turn = spanOf('00000000000000aa', 'agent_turn');
const session = spanOf('00000000000000bb', 'agent_session');
const request = spanOf('00000000000000cc', 'llm_request');
/** A speech whose turn has begun. */
const handle = { id: 's1', _agentTurnContext: trace.setSpan(ROOT_CONTEXT, turn) };
function create(muted?: (id: string) => boolean) {
  const exemplars = new Exemplars(muted);
  exemplars.speechCreated(handle as never);
  return exemplars;
}

test.each([
  ['the span that is measured', request, 's1', '00000000000000cc'],
  ["the turn's, where the whole session is active", session, 's1', '00000000000000aa'],
  ["the turn's, where nothing is active", undefined, 's1', '00000000000000aa'],
  ['the session, where no turn is known', session, 's2', '00000000000000bb'],
])('it is %s', (_, span, speech, expected) => {
  active(span);
  expect(create().current(speech)).toEqual({ trace_id: traceId, span_id: expected });
});

test('where nothing is active any longer it is the trace of the session', () => {
  const exemplars = create();
  active(session);
  exemplars.current();
  active(undefined);
  expect(exemplars.current()).toEqual({ trace_id: traceId });
});

test('there is none to a trace that is not sampled, or not sent', () => {
  active(spanOf('00000000000000dd', 'llm_request', TraceFlags.NONE));
  expect(create().current()).toBeUndefined();
  active(request);
  expect(create((id) => id === traceId).current('s1')).toBeUndefined();
});
