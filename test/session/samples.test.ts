import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromMs, Samples, validOrZero } from '../../src/session/samples.ts';
import { Call, valuesOf } from '../agent/livekit/call.ts';
import { fields } from '../agent/livekit/fields.ts';
import { model } from '../agent/livekit/sdk-metrics.ts';

/** What is no number; JSON has `null` for NaN and the infinities. */
const noNumber = fc.oneof(
  fc.constantFrom(Number.NaN, null, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.string(),
  fc.boolean(),
  fc.array(fc.double()),
  fc.object(),
);
const negative = fc
  .double({ min: -1e300, max: -1e-9, noNaN: true })
  .filter((value) => value !== -1 && value !== -0.001);

describe.each(fields)('$name → $metric', ({ emit, metric, good, absurd, zero }) => {
  const emitted = (given: unknown) => {
    const call = new Call();
    emit(call, given as never);
    const refused = ['nan', 'negative', 'absurd', 'missing'].filter(
      (reason) => call.total('talkgauge_invalid_samples_total', { metric, reason }) > 0,
    );
    return { values: call.values(metric), refused };
  };
  /** Each of these values is refused, and counted, for this reason. */
  const refuses = (reason: string, values: fc.Arbitrary<unknown>, examples: readonly unknown[]) =>
    fc.assert(
      fc.property(values, (given) => {
        expect(emitted(given)).toEqual({ values: [], refused: [reason] });
      }),
      { numRuns: 25, examples: examples.map((given) => [given]) },
    );

  test('a value that can be true is observed in the base unit, and no other', () => {
    expect(emitted(good[0])).toEqual({ values: [good[1]], refused: [] });
    const possible = fc.double({ min: good[0] / 1000, max: good[0], noNaN: true });
    fc.assert(
      fc.property(possible, (given) => {
        const { values, refused } = emitted(given);
        expect(refused).toEqual([]);
        expect(values).toEqual([expect.closeTo((given * good[1]) / good[0], 9)]);
      }),
      { numRuns: 25 },
    );
    refuses('nan', noNumber, [
      Number.NaN,
      null,
      Number.POSITIVE_INFINITY,
      '250',
      true,
      [250],
      { toString: [] },
    ]);
    refuses('missing', fc.constant(-1), []);
    refuses('negative', negative, [-250]);
    refuses('absurd', fc.double({ min: absurd, max: 1e300, noNaN: true }), [absurd]);
    // A field that the event does not have is no invalid sample.
    expect(emitted(undefined)).toEqual({ values: [], refused: [] });
  });

  test(`0 is ${zero}`, () => {
    expect(emitted(0)).toEqual({
      values: zero === 'value' ? [0] : [],
      refused: zero === 'missing' ? ['missing'] : [],
    });
  });
});

test('each refusal is counted once, under the series that it was for', () => {
  const samples = new Samples();
  samples.measure('lk_agents_llm_ttft_seconds', model, Number.NaN, { max: 600 });
  expect(samples.observations).toEqual([
    {
      metric: 'talkgauge_invalid_samples_total',
      labels: { metric: 'lk_agents_llm_ttft_seconds', reason: 'nan' },
      value: 1,
      exemplar: undefined,
    },
  ]);
});

test('a limit is a value that can still be true', () => {
  const samples = new Samples();
  expect(samples.measure('lk_agents_eou_delay_seconds', {}, 180, { max: 180 })).toBe(true);
  expect(valuesOf(samples.observations, 'lk_agents_eou_delay_seconds')).toEqual([180]);
});

test.each([
  [undefined, undefined],
  [0, 0],
  [1500, 1.5],
  [-1, -0.001],
])('%j milliseconds are %j seconds', (ms, seconds) => expect(fromMs(ms)).toBe(seconds));

test.each([
  [0.4, 0.4],
  [undefined, 0],
  [Number.NaN, 0],
  [Number.POSITIVE_INFINITY, 0],
  [-1, 0],
  [203, 0],
])('of %j at most 180 s, %j is believed', (given, believable) =>
  expect(validOrZero(given, { max: 180 })).toBe(believable),
);
