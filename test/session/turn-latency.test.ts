import type { metrics } from '@livekit/agents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inSeconds, metricsInSeconds } from '../../src/agent/livekit/sdk-event.ts';
import { Samples } from '../../src/session/samples.ts';
import {
  EstimatedLatency,
  recordToolCalls,
  segmentsOf,
  type TurnMeasurements,
} from '../../src/session/turn-latency.ts';
import { start, valuesOf } from '../agent/livekit/call.ts';
import { eouMetrics, llmMetrics, ttsMetrics } from '../agent/livekit/sdk-metrics.ts';

const none = { transcription: 0, endpointing: 0, user_hook: 0, llm: 0, tools: 0, tts: 0, unattributed: 0 };
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
/** Values of a field, including implausible ones. */
const part = fc.option(
  fc.oneof(
    fc.double({ min: 0, max: 10, noNaN: true }),
    fc.double(),
    fc.constantFrom(-1, 0, Number.NaN, Number.POSITIVE_INFINITY, 203),
  ),
  { nil: undefined },
);

test('for any measurements, segments are not negative and add up to the latency', () => {
  const parts: fc.Arbitrary<TurnMeasurements> = fc.record({
    e2eLatency: fc.double({ min: 0, max: 600, noNaN: true }),
    transcriptionDelay: part,
    endOfTurnDelay: part,
    onUserTurnCompletedDelay: part,
    tools: part,
    llmNodeTtft: part,
    llmBefore: part,
    ttsNodeTtfb: part,
  });
  fc.assert(
    fc.property(parts, (given) => {
      const segments = Object.values(segmentsOf(given));
      expect(segments).toHaveLength(7);
      expect(Math.min(...segments)).toBeGreaterThanOrEqual(0);
      expect(Math.abs(sum(segments) - given.e2eLatency)).toBeLessThanOrEqual(1e-9);
    }),
    { numRuns: 2000 },
  );
});

describe('a turn', () => {
  test('with one response is split into its delays', () => {
    const segments = segmentsOf({
      e2eLatency: 2,
      transcriptionDelay: 0.25,
      endOfTurnDelay: 0.75,
      onUserTurnCompletedDelay: 0.125,
      llmNodeTtft: 0.5,
      ttsNodeTtfb: 0.25,
    });
    expect(segments).toEqual({
      transcription: 0.25,
      endpointing: 0.5,
      user_hook: 0.125,
      llm: 0.5,
      tools: 0,
      tts: 0.25,
      unattributed: 0.375,
    });
  });

  test('with tools includes the tools and two LLM segments', () => {
    const segments = segmentsOf({
      e2eLatency: 4,
      endOfTurnDelay: 0.5,
      llmBefore: 0.75,
      tools: 1.5,
      llmNodeTtft: 0.5,
      ttsNodeTtfb: 0.25,
    });
    expect(segments).toEqual({
      ...none,
      endpointing: 0.5,
      llm: 1.25,
      tools: 1.5,
      tts: 0.25,
      unattributed: 0.5,
    });
  });

  test('with preemptive generation includes only the LLM time that the caller waited for', () => {
    const segments = segmentsOf({
      e2eLatency: 1,
      transcriptionDelay: 0.25,
      endOfTurnDelay: 0.75,
      llmNodeTtft: 0.5,
      ttsNodeTtfb: 0.125,
    });
    expect(segments).toEqual({ ...none, transcription: 0.25, endpointing: 0.5, llm: 0.125, tts: 0.125 });
  });

  test('without other measurements is unattributed', () => {
    expect(segmentsOf({ e2eLatency: 1.5 })).toEqual({ ...none, unattributed: 1.5 });
  });

  test('with an end of turn before its transcript has no endpointing segment', () => {
    const segments = segmentsOf({ e2eLatency: 1, transcriptionDelay: 0.5, endOfTurnDelay: 0.25 });
    expect(segments).toEqual({ ...none, transcription: 0.5, unattributed: 0.5 });
  });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 203])(
  'an invalid delay of %j s adds no segment',
  (transcriptionDelay) => {
    const segments = segmentsOf({ e2eLatency: 10, transcriptionDelay, llmNodeTtft: 0.5 });
    expect(segments).toEqual({ ...none, llm: 0.5, unattributed: 9.5 });
  },
);

test('an implausible LLM step does not discard the other one', () => {
  const segments = segmentsOf({ e2eLatency: 10, llmBefore: Number.NaN, llmNodeTtft: 0.5 });
  expect(segments).toEqual({ ...none, llm: 0.5, unattributed: 9.5 });
});

const series = 'lk_agents_turn_estimated_latency_seconds';

/** The samples that result from these events. */
function estimated(events: readonly metrics.AgentMetrics[], estimate = new EstimatedLatency()): number[] {
  const samples = new Samples();
  for (const event of events) estimate.add(samples, metricsInSeconds(event));
  return valuesOf(samples.observations, series);
}

const eou = (speechId: string, given: object = {}) => eouMetrics({ speechId, ...given });
const llm = (speechId: string, given: object = {}) => llmMetrics({ speechId, ...given });
const tts = (speechId: string, given: object = {}) => ttsMetrics({ speechId, ...given });
/** 0.5 + 0.4 + 0.12 s. */
const turn = (speechId: string) => [eou(speechId), llm(speechId), tts(speechId)];
const of1020ms = expect.closeTo(1.02, 9);

test.each([
  ['eou, llm, tts', [0, 1, 2]],
  ['eou, tts, llm', [0, 2, 1]],
  ['llm, eou, tts', [1, 0, 2]],
  ['llm, tts, eou', [1, 2, 0]],
  ['tts, eou, llm', [2, 0, 1]],
  ['tts, llm, eou', [2, 1, 0]],
])('%s: one sample, end of utterance + first token + first byte', (_, order) => {
  expect(estimated(order.map((i) => turn('a')[i]!))).toEqual([of1020ms]);
});

test('each speech has one sample when events of many speeches are interleaved', () => {
  const speeches = ['a', 'b', 'c', 'd', 'e'];
  fc.assert(
    fc.property(fc.shuffledSubarray(speeches.flatMap(turn), { minLength: 15 }), (events) => {
      expect(estimated(events)).toEqual(speeches.map(() => of1020ms));
    }),
  );
});

describe('records one sample for', () => {
  test('a turn with tools, with further LLM and TTS events under the same id', () => {
    const again = [llm('a', { ttftMs: 900 }), tts('a', { ttfbMs: 300 })];
    expect(estimated([...turn('a'), ...again])).toEqual([of1020ms]);
  });

  test('a speech with every event duplicated', () => {
    expect(estimated([...turn('a'), ...turn('a')])).toEqual([of1020ms]);
  });

  test('a turn with tools and no speech in the first step', () => {
    const events = [eou('a'), llm('a'), llm('a', { ttftMs: 900 }), tts('a')];
    expect(estimated(events)).toEqual([of1020ms]);
  });

  test('a turn with an empty first response', () => {
    expect(estimated([eou('a'), llm('a', { ttftMs: -1 }), llm('a'), tts('a')])).toEqual([of1020ms]);
  });
});

describe('records no sample for', () => {
  test.each([
    [
      'an end of utterance that was not detected',
      [eou('a', { endOfUtteranceDelayMs: 0 }), llm('a'), tts('a')],
    ],
    ['an implausible delay', [eou('a', { endOfUtteranceDelayMs: 203_000 }), llm('a'), tts('a')]],
    ['no first token', [eou('a'), llm('a', { ttftMs: -1 }), tts('a')]],
    ['a time to first byte that is not a number', [eou('a'), llm('a'), tts('a', { ttfbMs: Number.NaN })]],
    ['parts of different speeches', [eou('a'), llm('b'), tts('c')]],
    ['a greeting without a user turn', [llm('a'), tts('a')]],
    ['events without a speech', [eouMetrics({ speechId: undefined }), llmMetrics(), ttsMetrics()]],
  ])('%s', (_, events) => expect(estimated(events)).toEqual([]));
});

describe('over a day', () => {
  test('an incomplete speech expires after ten minutes of event time', () => {
    const estimate = new EstimatedLatency();
    const late = start + 10 * 60_000 + 1;
    expect(estimated([eou('a'), llm('a')], estimate)).toEqual([]);
    expect(estimated([eou('b', { timestamp: late }), tts('a', { timestamp: late })], estimate)).toEqual([]);
    // "b" is pending; only the last part of "a" is left, and it stays incomplete.
    expect(estimate.size).toBe(2);
  });

  test('a part that arrives within ten minutes completes the sample', () => {
    const late = start + 10 * 60_000;
    expect(estimated([eou('a'), llm('a'), tts('a', { timestamp: late })])).toEqual([of1020ms]);
  });

  test('100 000 incomplete speeches leave a few hundred entries in memory', () => {
    const estimate = new EstimatedLatency();
    const samples = new Samples();
    let largest = 0;
    for (let i = 0; i < 100_000; i++) {
      estimate.add(samples, metricsInSeconds(llm(`speech-${i}`)));
      largest = Math.max(largest, estimate.size);
    }
    expect(largest).toBeLessThanOrEqual(513);
  });

  test('100 000 complete speeches are all counted and leave a few hundred entries in memory', () => {
    const estimate = new EstimatedLatency();
    const samples = new Samples();
    for (let i = 0; i < 100_000; i++)
      for (const event of turn(`speech-${i}`)) estimate.add(samples, metricsInSeconds(event));
    expect(valuesOf(samples.observations, series)).toHaveLength(100_000);
    expect(estimate.size).toBeLessThanOrEqual(513);
  });

  test('events without timestamps are matched', () => {
    const timeless = turn('a').map((event) => ({ ...event, timestamp: Number.NaN }));
    expect(estimated(timeless)).toEqual([of1020ms]);
  });
});

type Ran = [name: string, from: number | undefined, to: number | undefined, isError?: boolean];

/** Tool executions, in milliseconds since the call began. */
function ran(...tools: Ran[]) {
  const at = (ms: number | undefined) => (ms === undefined ? undefined : start + ms);
  const samples = new Samples();
  const event = {
    functionCalls: tools.map(([name, from]) => ({ name, createdAt: at(from) })),
    functionCallOutputs: tools.map(([, , to, isError = false]) => ({ isError, createdAt: at(to) })),
  };
  const seconds = recordToolCalls(samples, inSeconds('function_tools_executed', event as never));
  return { seconds, observations: samples.observations };
}

test('each tool call is counted by tool and outcome and its duration is measured', () => {
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
])('the tools segment of tools that ran %s is the time during which any of them ran', (_, tools, seconds) => {
  expect(ran(...tools).seconds).toBe(seconds);
});

test('a tool call without times, as in an event log of plain JSON, is counted without a duration', () => {
  const { seconds, observations } = ran(['book', undefined, undefined]);
  expect(seconds).toBe(0);
  expect(valuesOf(observations, 'lk_agents_tool_calls_total')).toEqual([1]);
  expect(valuesOf(observations, 'lk_agents_tool_duration_seconds')).toEqual([]);
  expect(valuesOf(observations, 'talkgauge_invalid_samples_total')).toEqual([]);
});

test('an implausible duration is rejected and adds nothing to the tools segment', () => {
  const { seconds, observations } = ran(['book', 5000, 1000], ['weather', 0, 250], ['slow', 0, 700_000]);
  expect(seconds).toBe(0.25);
  expect(valuesOf(observations, 'talkgauge_invalid_samples_total', { reason: 'negative' })).toEqual([1]);
  expect(valuesOf(observations, 'talkgauge_invalid_samples_total', { reason: 'absurd' })).toEqual([1]);
});

test('a tool without a name is unknown, and one without an output is counted', () => {
  const samples = new Samples();
  const event = { functionCalls: [{ name: '', createdAt: start }], functionCallOutputs: [] };
  recordToolCalls(samples, inSeconds('function_tools_executed', event as never));
  expect(valuesOf(samples.observations, 'lk_agents_tool_calls_total', { tool: 'unknown' })).toEqual([1]);
});
