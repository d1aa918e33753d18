import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { segmentsOf, type TurnParts } from '../../src/session/segments.ts';

const none = { transcription: 0, endpointing: 0, user_hook: 0, llm: 0, tools: 0, tts: 0, unattributed: 0 };
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
/** What a field may hold, beside the plausible. */
const part = fc.option(
  fc.oneof(
    fc.double({ min: 0, max: 10, noNaN: true }),
    fc.double(),
    fc.constantFrom(-1, 0, Number.NaN, Number.POSITIVE_INFINITY, 203),
  ),
  { nil: undefined },
);

test('whatever was measured, no segment is negative and together they are the latency', () => {
  const parts: fc.Arbitrary<TurnParts> = fc.record({
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
  test('of one answer is explained by its delays', () => {
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

  test('with tools waits for them and for the LLM twice', () => {
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

  test('with preemptive generation shows of the LLM only what the caller waited for', () => {
    const segments = segmentsOf({
      e2eLatency: 1,
      transcriptionDelay: 0.25,
      endOfTurnDelay: 0.75,
      llmNodeTtft: 0.5,
      ttsNodeTtfb: 0.125,
    });
    expect(segments).toEqual({ ...none, transcription: 0.25, endpointing: 0.5, llm: 0.125, tts: 0.125 });
  });

  test('of which nothing else is known is unattributed', () => {
    expect(segmentsOf({ e2eLatency: 1.5 })).toEqual({ ...none, unattributed: 1.5 });
  });

  test('whose end was decided before the transcript came has no endpointing', () => {
    const segments = segmentsOf({ e2eLatency: 1, transcriptionDelay: 0.5, endOfTurnDelay: 0.25 });
    expect(segments).toEqual({ ...none, transcription: 0.5, unattributed: 0.5 });
  });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 203])(
  'a delay of %j s explains nothing',
  (transcriptionDelay) => {
    const segments = segmentsOf({ e2eLatency: 10, transcriptionDelay, llmNodeTtft: 0.5 });
    expect(segments).toEqual({ ...none, llm: 0.5, unattributed: 9.5 });
  },
);

test('an LLM step that cannot be true leaves the other one', () => {
  const segments = segmentsOf({ e2eLatency: 10, llmBefore: Number.NaN, llmNodeTtft: 0.5 });
  expect(segments).toEqual({ ...none, llm: 0.5, unattributed: 9.5 });
});
