import { expect, test } from 'vitest';
import { Samples } from '../../src/session/samples.ts';
import { toolCalls } from '../../src/session/tool-calls.ts';
import { start, valuesOf } from '../agent/livekit/call.ts';

type Ran = [name: string, from: number | undefined, to: number | undefined, isError?: boolean];

/** Tools that ran, in milliseconds since the call began. */
function ran(...tools: Ran[]) {
  const at = (ms: number | undefined) => (ms === undefined ? undefined : start + ms);
  const samples = new Samples();
  const seconds = toolCalls(samples, {
    functionCalls: tools.map(([name, from]) => ({ name, createdAt: at(from) })),
    functionCallOutputs: tools.map(([, , to, isError = false]) => ({ isError, createdAt: at(to) })),
  } as never);
  return { seconds, observations: samples.observations };
}

test('each call is counted by tool and outcome, and timed', () => {
  const { observations } = ran(['book', 0, 1500], ['book', 0, 500, true], ['weather', 0, 250]);
  const calls = (tool: string, outcome: string) =>
    valuesOf(observations, 'lk_agents_tool_calls_total', { tool, outcome });
  expect([calls('book', 'ok'), calls('book', 'error'), calls('weather', 'ok')]).toEqual([[1], [1], [1]]);
  expect(valuesOf(observations, 'lk_agents_tool_duration_seconds', { tool: 'book' })).toEqual([1.5, 0.5]);
});

test.each<[string, Ran[], number]>([
  [
    'one after the other',
    [
      ['a', 0, 1000],
      ['b', 1000, 1500],
    ],
    1.5,
  ],
  [
    'at the same time',
    [
      ['a', 0, 1000],
      ['b', 0, 1000],
    ],
    1,
  ],
  [
    'overlapping',
    [
      ['a', 0, 1000],
      ['b', 500, 2000],
    ],
    2,
  ],
  [
    'one within the other',
    [
      ['a', 0, 2000],
      ['b', 500, 1000],
    ],
    2,
  ],
  [
    'one within the other, named last',
    [
      ['b', 500, 1000],
      ['a', 0, 2000],
    ],
    2,
  ],
  [
    'with a gap between them',
    [
      ['a', 0, 1000],
      ['b', 3000, 4000],
    ],
    2,
  ],
  ['none', [], 0],
])('tools that ran %s kept the caller waiting as long as one of them ran', (_, tools, seconds) => {
  expect(ran(...tools).seconds).toBe(seconds);
});

test('a call without times, as in a recording of plain JSON, is counted and not timed', () => {
  const { seconds, observations } = ran(['book', undefined, undefined]);
  expect(seconds).toBe(0);
  expect(valuesOf(observations, 'lk_agents_tool_calls_total')).toEqual([1]);
  expect(valuesOf(observations, 'lk_agents_tool_duration_seconds')).toEqual([]);
  expect(valuesOf(observations, 'talkgauge_invalid_samples_total')).toEqual([]);
});

test('a time that cannot be true is refused, and adds nothing to the wait', () => {
  const { seconds, observations } = ran(['book', 5000, 1000], ['weather', 0, 250], ['slow', 0, 700_000]);
  expect(seconds).toBe(0.25);
  expect(valuesOf(observations, 'talkgauge_invalid_samples_total', { reason: 'negative' })).toEqual([1]);
  expect(valuesOf(observations, 'talkgauge_invalid_samples_total', { reason: 'absurd' })).toEqual([1]);
});

test('a tool without a name is unknown, and one without an output was called', () => {
  const samples = new Samples();
  toolCalls(samples, { functionCalls: [{ name: '', createdAt: start }], functionCallOutputs: [] } as never);
  expect(valuesOf(samples.observations, 'lk_agents_tool_calls_total', { tool: 'unknown' })).toEqual([1]);
});
