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

/** Ids are hexadecimal, and the first digits decide what chance does. */
const user = (id: string): FakeSpan => ({ name: 'user_turn', id, parent: '5e5510' });
const agent = (id: string, speech: string, attributes = {}): FakeSpan => ({
  name: 'agent_turn',
  id,
  parent: '5e5510',
  attributes: { 'lk.speech_id': speech, ...attributes },
});

/** A turn of a question and an answer of one step. */
function turn(id: string, attributes = {}, below: Partial<FakeSpan> = {}): void {
  whole(user(`${id}a`));
  start(agent(`${id}b`, id));
  whole({ name: 'llm_node', id: `${id}c`, parent: `${id}b`, ...below });
  end(agent(`${id}b`, id, attributes));
}

describe('of turns', () => {
  test('those that nothing happened in are left out, at the latest when the job ends', () => {
    turn('10');
    turn('20');
    expect([kept, leftOut]).toEqual([[], 3]);
    sampling.settle();
    expect([kept, leftOut]).toEqual([[], 6]);
  });

  test.each([
    ['slow', { 'lk.e2e_latency': 1.51 }, {}],
    ['interrupted', { 'lk.interrupted': true }, {}],
    ['failed', {}, { failed: true }],
    ['one whose tool failed', {}, { attributes: { 'lk.function_tool.is_error': true } }],
    ['one in which an error was caught', {}, { events: [{ name: 'exception' }] }],
    ['one with an error by its type', {}, { attributes: { 'error.type': 'APIError' } }],
  ])('%s is kept, with what the user said', (_, attributes, below) => {
    turn('10');
    turn('20', attributes, below);
    turn('30');
    sampling.settle();
    expect(kept.toSorted()).toEqual(['20a', '20b', '20c']);
    expect(leftOut).toBe(6);
  });

  test('one at the limit is not slow', () => {
    turn('10', { 'lk.e2e_latency': 1.5 });
    sampling.settle();
    expect(kept).toEqual([]);
  });

  test('the share that is asked for is kept, by the ids of their spans', () => {
    sampling = create(0.5);
    turn('7fffffff');
    turn('80000001');
    sampling.settle();
    expect(kept).toEqual(['7fffffffa', '7fffffffc', '7fffffffb']);
    expect(leftOut).toBe(3);
  });
});

describe('an answer of several steps', () => {
  test('is kept as a whole if its last step is notable', () => {
    whole(user('10a'));
    whole(agent('10b', 's1'));
    whole(agent('10c', 's1', { 'lk.interrupted': true }));
    turn('20');
    sampling.settle();
    expect(kept.toSorted()).toEqual(['10a', '10b', '10c']);
  });

  test('is kept as a whole if its first step is notable', () => {
    whole(user('10a'));
    whole(agent('10b', 's1', { 'error.type': 'ToolError' }));
    whole(agent('10c', 's1'));
    turn('20');
    sampling.settle();
    expect(kept.toSorted()).toEqual(['10a', '10b', '10c']);
  });
});

test('an answer is kept from the step on in which a tool fails while it goes on', () => {
  start(agent('10b', 's1'));
  whole({ name: 'function_tool', id: '10d', parent: '10b', failed: true });
  end(agent('10b', 's1'));
  whole(agent('10c', 's1'));
  turn('20');
  sampling.settle();
  expect(kept.toSorted()).toEqual(['10b', '10c', '10d']);
});

describe('what belongs to no turn', () => {
  test('is kept at once', () => {
    whole({ name: 'agent_session', id: '5e5510' });
    whole({ name: 'drain_agent_activity', id: '77', parent: '5e5510' });
    expect(kept).toEqual(['5e5510', '77']);
  });
});

describe('who cuts an answer off', () => {
  test('is judged with the answer to him, and not with what he cut off', () => {
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

  test('is kept when the answer to him is slow', () => {
    start(agent('10b', 's1'));
    start(user('20a'));
    end(agent('10b', 's1'));
    end(user('20a'));
    whole(agent('20b', 's2', { 'lk.e2e_latency': 3 }));
    expect(kept.toSorted()).toEqual(['20a', '20b']);
  });
});

test('a span that ends after its turn goes the way of its turn', () => {
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

test('what an error is found in too late is kept from there on', () => {
  start(agent('10b', 's1'));
  start({ name: 'tts_request', id: '10c', parent: '10b' });
  end(agent('10b', 's1'));
  end({ name: 'tts_request', id: '10c', parent: '10b', failed: true });
  expect(kept).toEqual(['10b', '10c']);
});

test('a turn that grows beyond the bound is kept, so that nothing waits for ever', () => {
  sampling = create(0, 4);
  start(agent('10b', 's1'));
  for (let n = 0; n < 6; n += 1) whole({ name: 'llm_node', id: `c${n}`, parent: '10b' });
  expect(kept).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
});

test('what the user says and nobody answers does not wait for ever either', () => {
  sampling = create(0, 2);
  for (const id of ['1', '2', '3']) whole(user(id));
  expect(kept).toEqual(['1']);
  sampling.settle();
  expect(leftOut).toBe(2);
});
