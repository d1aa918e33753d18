import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromMs } from '../../src/agent/livekit/sdk-event.ts';
import { elapsed, Samples, validOrZero } from '../../src/session/samples.ts';
import { Call, valuesOf } from '../agent/livekit/call.ts';
import { fields } from '../agent/livekit/fields.ts';
import { model } from '../agent/livekit/sdk-metrics.ts';

/** Values that are not numbers; JSON has `null` for NaN and the infinities. */
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

describe.each(fields)('$name → $metric', ({ emit, metric, good, tooLarge, zero }) => {
  const emitted = (given: unknown) => {
    const call = new Call();
    emit(call, given as never);
    const refused = ['nan', 'negative', 'absurd', 'missing'].filter(
      (reason) => call.total('talkgauge_invalid_samples_total', { metric, reason }) > 0,
    );
    return { values: call.values(metric), refused };
  };
  /** Expects each of these values to be rejected and counted with this reason. */
  const expectRejected = (reason: string, values: fc.Arbitrary<unknown>, examples: readonly unknown[]) =>
    fc.assert(
      fc.property(values, (given) => {
        expect(emitted(given)).toEqual({ values: [], refused: [reason] });
      }),
      { numRuns: 25, examples: examples.map((given) => [given]) },
    );

  test('a plausible value is observed in the base unit', () => {
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
    expectRejected('nan', noNumber, [
      Number.NaN,
      null,
      Number.POSITIVE_INFINITY,
      '250',
      true,
      [250],
      { toString: [] },
    ]);
    expectRejected('missing', fc.constant(-1), []);
    expectRejected('negative', negative, [-250]);
    expectRejected('absurd', fc.double({ min: tooLarge, max: 1e300, noNaN: true }), [tooLarge]);
    // A missing field is not an invalid sample.
    expect(emitted(undefined)).toEqual({ values: [], refused: [] });
  });

  test(`0 is ${zero}`, () => {
    expect(emitted(0)).toEqual({
      values: zero === 'value' ? [0] : [],
      refused: zero === 'missing' ? ['missing'] : [],
    });
  });
});

test('each rejected value is counted once under its series', () => {
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

test('a value at the limit is accepted', () => {
  const samples = new Samples();
  expect(samples.measure('lk_agents_eou_delay_seconds', {}, 180, { max: 180 })).toBe(true);
  expect(valuesOf(samples.observations, 'lk_agents_eou_delay_seconds')).toEqual([180]);
});

test.each([
  ['100 ms', 1_700_000_000.2, 1_700_000_000.3, 0.1],
  ['nothing', 1_700_000_000.2, 1_700_000_000.2, 0],
  ['a time before', 1_700_000_000.3, 1_700_000_000.2, -0.1],
  ['times that are no unix times', 0.25, 0.250_000_5, 5.000_000_000_143_778e-7],
  ['a time that is not known', 1_700_000_000, Number.NaN, Number.NaN],
])('the time between two unix times is rounded to a microsecond: %s', (_, from, to, seconds) => {
  expect(elapsed(from, to)).toBe(seconds);
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
])('of %j with a limit of 180 s, %j is accepted', (given, believable) =>
  expect(validOrZero(given, { max: 180 })).toBe(believable),
);
