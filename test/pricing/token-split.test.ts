import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type InputTokens,
  type OutputTokens,
  splitInput,
  splitOutput,
} from '../../src/pricing/token-split.ts';

type Units = Record<string, number>;

/** Collects amounts by unit; throws if a unit occurs twice, because it would be counted twice. */
function taking(split: (take: (unit: string, amount: number) => void) => void): Units {
  const units: Units = {};
  split((unit, amount) => {
    expect(units).not.toHaveProperty(unit);
    units[unit] = amount;
  });
  return units;
}
const input = (tokens: InputTokens) => taking((take) => splitInput(tokens, take));
const output = (tokens: OutputTokens) => taking((take) => splitOutput(tokens, take));
const sum = (units: Units, which = /./) =>
  Object.entries(units).reduce((total, [unit, amount]) => total + (which.test(unit) ? amount : 0), 0);

describe('input tokens', () => {
  test('without details are text', () => {
    expect(input({ total: 100 })).toEqual({ input_tokens: 100 });
  });

  test('read from or written to the cache are not counted again as input', () => {
    expect(input({ total: 1000, cached: 512, cacheWritten: 64 })).toEqual({
      input_tokens: 424,
      cached_input_tokens: 512,
      cache_write_tokens: 64,
    });
  });

  test('are split by modality and cache', () => {
    const tokens = { total: 1000, audio: 300, image: 85, cached: 450, cachedAudio: 200, cachedImage: 50 };
    expect(input(tokens)).toEqual({
      input_tokens: 415,
      cached_input_tokens: 200,
      input_audio_tokens: 100,
      cached_input_audio_tokens: 200,
      input_image_tokens: 35,
      cached_input_image_tokens: 50,
    });
  });

  test('cached with an unknown modality are attributed to text first', () => {
    expect(input({ total: 100, audio: 60, cached: 55 })).toEqual({
      cached_input_tokens: 40,
      input_audio_tokens: 45,
      cached_input_audio_tokens: 15,
    });
  });

  test.each<[string, InputTokens, Units]>([
    ['more cached tokens than the total', { total: 100, cached: 150 }, { cached_input_tokens: 100 }],
    [
      'more cache writes than uncached tokens',
      { total: 100, cached: 80, cacheWritten: 90 },
      { cached_input_tokens: 80, cache_write_tokens: 20 },
    ],
    ['more audio than the total', { total: 10, audio: 35 }, { input_audio_tokens: 10 }],
    [
      'more cached audio than audio',
      { total: 50, audio: 10, cached: 30, cachedAudio: 30 },
      { input_tokens: 20, cached_input_tokens: 20, cached_input_audio_tokens: 10 },
    ],
    ['details of a total of 0', { total: 0, audio: 35, cached: 5 }, {}],
    ['invalid details', { total: 100, cached: Number.NaN, audio: -1 }, { input_tokens: 100 }],
    ['a total that is not a number', { total: Number.NaN, cached: 10 }, {}],
    ['an implausible total', { total: 1e13 }, {}],
    ['null, as in an event log', { total: null as never, cached: null as never }, {}],
  ])('with %s stay disjoint', (_, tokens, units) => expect(input(tokens)).toEqual(units));
});

test('output tokens are split by modality, and the remainder is text', () => {
  expect(output({ total: 100, audio: 70, image: 10 })).toEqual({
    output_tokens: 20,
    output_audio_tokens: 70,
    output_image_tokens: 10,
  });
  expect(output({ total: 5, audio: 70, image: 10 })).toEqual({ output_audio_tokens: 5 });
});

const figure = fc.oneof(
  fc.nat({ max: 3000 }),
  fc.constantFrom(undefined, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e15),
);

test('for any details, the units are positive and add up to the total', () => {
  const parts = { cached: figure, cacheWritten: figure, audio: figure, image: figure };
  const tokens = fc.record({
    total: fc.nat({ max: 3000 }),
    ...parts,
    cachedAudio: figure,
    cachedImage: figure,
  });
  fc.assert(
    fc.property(tokens, (given) => {
      for (const units of [input(given), output(given)]) {
        expect(sum(units)).toBe(given.total);
        for (const amount of Object.values(units)) expect(amount).toBeGreaterThan(0);
      }
    }),
    { numRuns: 2000 },
  );
});

test('consistent details are preserved: total, cached, and each modality', () => {
  const kind = fc
    .tuple(fc.nat({ max: 2000 }), fc.nat({ max: 2000 }))
    .map(([a, b]) => ({ all: a + b, cached: a }));
  fc.assert(
    fc.property(kind, kind, kind, (text, audio, image) => {
      const units = input({
        total: text.all + audio.all + image.all,
        cached: text.cached + audio.cached + image.cached,
        audio: audio.all,
        image: image.all,
        cachedAudio: audio.cached,
        cachedImage: image.cached,
      });
      expect(sum(units, /^cached/)).toBe(text.cached + audio.cached + image.cached);
      expect(sum(units, /audio/)).toBe(audio.all);
      expect(sum(units, /image/)).toBe(image.all);
      expect(units.cached_input_audio_tokens ?? 0).toBe(audio.cached);
      expect(units.cached_input_tokens ?? 0).toBe(text.cached);
    }),
  );
});
