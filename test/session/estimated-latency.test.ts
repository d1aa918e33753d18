import type { metrics } from '@livekit/agents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EstimatedLatency } from '../../src/session/estimated-latency.ts';
import { Samples } from '../../src/session/samples.ts';
import { start, valuesOf } from '../agent/livekit/call.ts';
import { eouMetrics, llmMetrics, ttsMetrics } from '../agent/livekit/sdk-metrics.ts';

const series = 'lk_agents_turn_estimated_latency_seconds';

/** The samples that these events make. */
function estimated(events: readonly metrics.AgentMetrics[], estimate = new EstimatedLatency()): number[] {
  const samples = new Samples();
  for (const event of events) estimate.add(samples, event);
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

test('however the events of many speeches are mixed, each has one sample', () => {
  const speeches = ['a', 'b', 'c', 'd', 'e'];
  fc.assert(
    fc.property(fc.shuffledSubarray(speeches.flatMap(turn), { minLength: 15 }), (events) => {
      expect(estimated(events)).toEqual(speeches.map(() => of1020ms));
    }),
  );
});

describe('counts once', () => {
  test('a turn with tools, whose model and voice run again under the same id', () => {
    const again = [llm('a', { ttftMs: 900 }), tts('a', { ttfbMs: 300 })];
    expect(estimated([...turn('a'), ...again])).toEqual([of1020ms]);
  });

  test('a speech of which everything is told again', () => {
    expect(estimated([...turn('a'), ...turn('a')])).toEqual([of1020ms]);
  });

  test('a turn with tools whose first step was silent', () => {
    const events = [eou('a'), llm('a'), llm('a', { ttftMs: 900 }), tts('a')];
    expect(estimated(events)).toEqual([of1020ms]);
  });

  test('a turn whose first request brought nothing', () => {
    expect(estimated([eou('a'), llm('a', { ttftMs: -1 }), llm('a'), tts('a')])).toEqual([of1020ms]);
  });
});

describe('has no sample', () => {
  test.each([
    [
      'an end of utterance that was not detected',
      [eou('a', { endOfUtteranceDelayMs: 0 }), llm('a'), tts('a')],
    ],
    ['a delay that cannot be true', [eou('a', { endOfUtteranceDelayMs: 203_000 }), llm('a'), tts('a')]],
    ['a first token that never came', [eou('a'), llm('a', { ttftMs: -1 }), tts('a')]],
    ['a first byte that is not a number', [eou('a'), llm('a'), tts('a', { ttfbMs: Number.NaN })]],
    ['parts of different speeches', [eou('a'), llm('b'), tts('c')]],
    ['a greeting, which answers nobody', [llm('a'), tts('a')]],
    ['events without a speech', [eouMetrics({ speechId: undefined }), llmMetrics(), ttsMetrics()]],
  ])('%s', (_, events) => expect(estimated(events)).toEqual([]));
});

describe('over a day', () => {
  test('what does not complete expires after ten minutes of the events, not of a clock', () => {
    const estimate = new EstimatedLatency();
    const late = start + 10 * 60_000 + 1;
    expect(estimated([eou('a'), llm('a')], estimate)).toEqual([]);
    expect(estimated([eou('b', { timestamp: late }), tts('a', { timestamp: late })], estimate)).toEqual([]);
    // "b" waits; of "a" only its last part is left, and nothing will come for it.
    expect(estimate.size).toBe(2);
  });

  test('a part that comes within ten minutes completes', () => {
    const late = start + 10 * 60_000;
    expect(estimated([eou('a'), llm('a'), tts('a', { timestamp: late })])).toEqual([of1020ms]);
  });

  test('100 000 speeches that never complete leave a few hundred behind', () => {
    const estimate = new EstimatedLatency();
    const samples = new Samples();
    let largest = 0;
    for (let i = 0; i < 100_000; i++) {
      estimate.add(samples, llm(`speech-${i}`));
      largest = Math.max(largest, estimate.size);
    }
    expect(largest).toBeLessThanOrEqual(513);
  });

  test('100 000 speeches that complete are all counted, and leave a few hundred behind', () => {
    const estimate = new EstimatedLatency();
    const samples = new Samples();
    for (let i = 0; i < 100_000; i++) for (const event of turn(`speech-${i}`)) estimate.add(samples, event);
    expect(valuesOf(samples.observations, series)).toHaveLength(100_000);
    expect(estimate.size).toBeLessThanOrEqual(513);
  });

  test('events without a time still find each other', () => {
    const timeless = turn('a').map((event) => ({ ...event, timestamp: Number.NaN }));
    expect(estimated(timeless)).toEqual([of1020ms]);
  });
});
