import { beforeEach, describe, expect, test } from 'vitest';
import { turnRules } from '../../../src/agent/livekit/job-telemetry.ts';
import { TurnSampling } from '../../../src/agent/telemetry/turn-sampling.ts';
import { type FakeSpan, span } from './spans.ts';

let kept: string[];
let leftOut: number;
let sampling: TurnSampling;
const create = (ratio: number, maxWaiting?: number) =>
  new TurnSampling({
    rules: turnRules(1.5),
    ratio,
    maxWaiting,
    keep: (one) => kept.push(one.spanContext().spanId),
    leaveOut: (count) => {
      leftOut += count;
    },
  });

beforeEach(() => {
  kept = [];
  leftOut = 0;
  sampling = create(0);
});

const start = (one: FakeSpan) => sampling.started(span(one));
const end = (one: FakeSpan) => sampling.ended(span(one));
const whole = (one: FakeSpan) => {
  start(one);
  end(one);
};

/** Ids are hexadecimal, and their first digits determine the sampling decision. */
const user = (id: string): FakeSpan => ({ name: 'user_turn', id, parent: '5e5510' });
const agent = (id: string, speech: string, attributes = {}): FakeSpan => ({
  name: 'agent_turn',
  id,
  parent: '5e5510',
  attributes: { 'lk.speech_id': speech, ...attributes },
});

/** A turn with a user question and a response of one step. */
function turn(id: string, attributes = {}, below: Partial<FakeSpan> = {}): void {
  whole(user(`${id}a`));
  start(agent(`${id}b`, id));
  whole({ name: 'llm_node', id: `${id}c`, parent: `${id}b`, ...below });
  end(agent(`${id}b`, id, attributes));
}

describe('turn sampling', () => {
  test('drops unremarkable turns, at the latest when the job ends', () => {
    turn('10');
    turn('20');
    expect([kept, leftOut]).toEqual([[], 3]);
    sampling.settle();
    expect([kept, leftOut]).toEqual([[], 6]);
  });

  test.each([
    ['is slow', { 'lk.e2e_latency': 1.51 }, {}],
    ['is interrupted', { 'lk.interrupted': true }, {}],
    ['failed', {}, { failed: true }],
    ['has a failed tool', {}, { attributes: { 'lk.function_tool.is_error': true } }],
    ['has a recorded exception', {}, { events: [{ name: 'exception' }] }],
    ['has an error type', {}, { attributes: { 'error.type': 'APIError' } }],
  ])('keeps a turn that %s, with its user span', (_, attributes, below) => {
    turn('10');
    turn('20', attributes, below);
    turn('30');
    sampling.settle();
    expect(kept.toSorted()).toEqual(['20a', '20b', '20c']);
    expect(leftOut).toBe(6);
  });

  test('does not keep a turn at the latency limit as slow', () => {
    turn('10', { 'lk.e2e_latency': 1.5 });
    sampling.settle();
    expect(kept).toEqual([]);
  });

  test('keeps the configured ratio of turns by their span ids', () => {
    sampling = create(0.5);
    turn('7fffffff');
    turn('80000001');
    sampling.settle();
    expect(kept).toEqual(['7fffffffa', '7fffffffc', '7fffffffb']);
    expect(leftOut).toBe(3);
  });
});

describe('a response with several steps', () => {
  test('is kept completely if its last step is notable', () => {
    whole(user('10a'));
    whole(agent('10b', 's1'));
    whole(agent('10c', 's1', { 'lk.interrupted': true }));
    turn('20');
    sampling.settle();
    expect(kept.toSorted()).toEqual(['10a', '10b', '10c']);
  });

  test('is kept completely if its first step is notable', () => {
    whole(user('10a'));
    whole(agent('10b', 's1', { 'error.type': 'ToolError' }));
    whole(agent('10c', 's1'));
    turn('20');
    sampling.settle();
    expect(kept.toSorted()).toEqual(['10a', '10b', '10c']);
  });
});

test('a running response is kept from the step in which a tool fails', () => {
  start(agent('10b', 's1'));
  whole({ name: 'function_tool', id: '10d', parent: '10b', failed: true });
  end(agent('10b', 's1'));
  whole(agent('10c', 's1'));
  turn('20');
  sampling.settle();
  expect(kept.toSorted()).toEqual(['10b', '10c', '10d']);
});

describe('a span outside turns', () => {
  test('is kept immediately', () => {
    whole({ name: 'agent_session', id: '5e5510' });
    whole({ name: 'drain_agent_activity', id: '77', parent: '5e5510' });
    expect(kept).toEqual(['5e5510', '77']);
  });
});

describe('the user span of an interruption', () => {
  test('is sampled with the next response and not with the interrupted one', () => {
    whole(user('10a'));
    start(agent('10b', 's1'));
    start(user('20a'));
    end(agent('10b', 's1', { 'lk.interrupted': true }));
    end(user('20a'));
    whole(agent('20b', 's2'));
    turn('30');
    sampling.settle();
    expect(kept.toSorted()).toEqual(['10a', '10b']);
    expect(leftOut).toBe(5);
  });

  test('is kept when the next response is slow', () => {
    start(agent('10b', 's1'));
    start(user('20a'));
    end(agent('10b', 's1'));
    end(user('20a'));
    whole(agent('20b', 's2', { 'lk.e2e_latency': 3 }));
    expect(kept.toSorted()).toEqual(['20a', '20b']);
  });
});

test('a span that ends after its turn follows the decision for its turn', () => {
  start(agent('10b', 's1'));
  start({ name: 'tts_request', id: '10c', parent: '10b' });
  end(agent('10b', 's1', { 'lk.interrupted': true }));
  end({ name: 'tts_request', id: '10c', parent: '10b' });
  expect(kept).toEqual(['10b', '10c']);

  start(agent('20b', 's2'));
  start({ name: 'tts_request', id: '20c', parent: '20b' });
  end(agent('20b', 's2'));
  sampling.settle();
  end({ name: 'tts_request', id: '20c', parent: '20b' });
  expect(kept).toEqual(['10b', '10c']);
  expect(leftOut).toBe(2);
});

test('a turn with a late error is kept from that span on', () => {
  start(agent('10b', 's1'));
  start({ name: 'tts_request', id: '10c', parent: '10b' });
  end(agent('10b', 's1'));
  end({ name: 'tts_request', id: '10c', parent: '10b', failed: true });
  expect(kept).toEqual(['10b', '10c']);
});

test('a turn beyond the span limit is kept, so that its spans do not stay pending', () => {
  sampling = create(0, 4);
  start(agent('10b', 's1'));
  for (let n = 0; n < 6; n += 1) whole({ name: 'llm_node', id: `c${n}`, parent: '10b' });
  expect(kept).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
});

test('user spans without a response do not stay pending', () => {
  sampling = create(0, 2);
  for (const id of ['1', '2', '3']) whole(user(id));
  expect(kept).toEqual(['1']);
  sampling.settle();
  expect(leftOut).toBe(2);
});
