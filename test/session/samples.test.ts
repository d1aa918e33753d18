import { describe, expect, test } from 'vitest';
import { believed, fromMs, Samples } from '../../src/session/samples.ts';
import { Call, valuesOf } from '../livekit/call.ts';
import { fields } from '../livekit/fields.ts';
import { model } from '../livekit/sdk-metrics.ts';

describe.each(fields)('$name → $metric', ({ emit, metric, good, absurd, zero }) => {
  const emitted = (given: unknown) => {
    const call = new Call();
    emit(call, given as never);
    const refused = ['nan', 'negative', 'absurd', 'missing'].filter(
      (reason) => call.total('earshot_invalid_samples_total', { metric, reason }) > 0,
    );
    return { values: call.values(metric), refused };
  };

  test('a value that can be true is observed in the base unit', () => {
    expect(emitted(good[0])).toEqual({ values: [good[1]], refused: [] });
  });

  test.each([
    [Number.NaN, 'nan'],
    [null, 'nan'],
    [Number.POSITIVE_INFINITY, 'nan'],
    [Number.NEGATIVE_INFINITY, 'nan'],
    ['250', 'nan'],
    [true, 'nan'],
    [[250], 'nan'],
    [-1, 'missing'],
    [-250, 'negative'],
    [absurd, 'absurd'],
  ])('%j is refused and counted', (given, reason) => {
    expect(emitted(given)).toEqual({ values: [], refused: [reason] });
  });

  test('a field that the event does not have is no invalid sample', () => {
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
      metric: 'earshot_invalid_samples_total',
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
  expect(believed(given, { max: 180 })).toBe(believable),
);
