import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../../src/simulate/options.ts';

describe('the options of a simulation', () => {
  test('have defaults for a small machine', () => {
    expect(resolveOptions()).toEqual({
      seed: 1,
      rate: 12,
      concurrency: 6,
      speed: 1,
      controlPort: 9466,
      incidents: [],
    });
  });

  test.each([
    [{ rate: 0 }, '{ rate } is 0, but takes a number from 0.1 to 6000'],
    [{ concurrency: 2.5 }, '{ concurrency } is 2.5, but takes a whole number from 1 to 500'],
    [{ speed: Number.NaN }, '{ speed } is NaN, but takes a number from 0.1 to 20'],
    [{ port: 65_536 }, '{ port } is 65536, but takes a whole number from 0 to 65535'],
    [{ calls: -1 }, '{ calls } is -1, but takes a whole number from 1'],
    [{ incidents: ['flood' as never] }, 'there is no incident flood; choose from slow-llm,'],
  ])('refuse %o and name what is wrong', (options, message) => {
    expect(() => resolveOptions(options)).toThrow(message);
  });
});
