import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/simulate/random.ts';

const draw = <T>(count: number, from: () => T): T[] => Array.from({ length: count }, from);

describe('a seeded random generator', () => {
  test('returns the same numbers for the same seeds on every machine', () => {
    const random = createRandom(7, 'calls');
    expect(draw(3, random.next)).toEqual(draw(3, createRandom(7, 'calls').next));
    expect(createRandom(1).next()).toBe(0.8317172497045249);
  });

  test('returns unrelated numbers for adjacent seeds', () => {
    const first = draw(50, createRandom(1, 1).next);
    const second = draw(50, createRandom(1, 2).next);
    expect(first.filter((value) => second.includes(value))).toEqual([]);
  });

  test('stays within its bounds', () => {
    const random = createRandom('bounds');
    const whole = draw(500, () => random.integer(2, 4));
    expect([...new Set(whole)].sort()).toEqual([2, 3, 4]);
    expect(draw(500, random.next).every((value) => value >= 0 && value < 1)).toBe(true);
  });

  test('chooses with the frequency of the weights', () => {
    const random = createRandom('weights');
    const chosen = draw(4000, () => random.weighted(['rare', 'often'], (name) => (name === 'rare' ? 1 : 9)));
    const rare = chosen.filter((name) => name === 'rare').length / chosen.length;
    expect(rare).toBeGreaterThan(0.08);
    expect(rare).toBeLessThan(0.12);
  });

  test('never chooses an item of weight 0', () => {
    const random = createRandom('zero');
    const chosen = draw(200, () =>
      random.weighted(['never', 'always'], (name) => (name === 'never' ? 0 : 1)),
    );
    expect(new Set(chosen)).toEqual(new Set(['always']));
  });

  test('has half of its lognormal numbers below the median, and a tail', () => {
    const random = createRandom('latency');
    const values = draw(4000, () => random.lognormal(200, 0.5)).sort((a, b) => a - b);
    expect(values[2000]).toBeGreaterThan(190);
    expect(values[2000]).toBeLessThan(210);
    // e^(0.5 * 1.645) = 2.28: the 95th percentile of a lognormal with sigma 0.5.
    expect((values[3800] ?? 0) / 200).toBeGreaterThan(2.05);
    expect((values[3800] ?? 0) / 200).toBeLessThan(2.5);
    expect(values[0]).toBeGreaterThan(0);
  });

  test('shuffles without losing items', () => {
    const shuffled = createRandom('cards').shuffle([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(shuffled).not.toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...shuffled].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('throws if the choices are empty', () => {
    expect(() => createRandom('empty').pick([])).toThrow('there is nothing to choose from');
  });
});
