import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatClock, formatSpan } from '../../../src/web/formats.ts';
import {
  clamped,
  reveal,
  ticksOf,
  visible,
  wholeOf,
  zoomed,
} from '../../../src/web/session/timeline/axis.ts';

describe('the visible range of an axis', () => {
  test('is at most the whole axis, and at least a second', () => {
    expect(wholeOf(125)).toEqual({ from: 0, to: 125 });
    expect(wholeOf(3)).toEqual({ from: 0, to: 3 });
    expect(wholeOf(0)).toEqual({ from: 0, to: 1 });
  });

  test('keeps its length at both ends', () => {
    expect(clamped({ from: -5, to: 15 }, 100)).toEqual({ from: 0, to: 20 });
    expect(clamped({ from: 95, to: 115 }, 100)).toEqual({ from: 80, to: 100 });
    expect(clamped({ from: 0, to: 500 }, 100)).toEqual({ from: 0, to: 100 });
  });

  test('zooms around a fixed point in time', () => {
    expect(zoomed({ from: 0, to: 100 }, 0.5, 40, 100)).toEqual({ from: 20, to: 70 });
    expect(zoomed({ from: 20, to: 70 }, 2, 40, 100)).toEqual({ from: 0, to: 100 });
    expect(zoomed({ from: 40, to: 41 }, 0.1, 40.5, 100)).toEqual({ from: 40.25, to: 40.75 });
  });

  test('moves when the playback position leaves it', () => {
    expect(reveal({ from: 10, to: 20 }, 15, 100)).toEqual({ from: 10, to: 20 });
    expect(reveal({ from: 10, to: 20 }, 21, 100)).toEqual({ from: 20, to: 30 });
  });

  test('is never outside of the axis after any operations', () => {
    const seconds = fc.double({ min: 0, max: 8000, noNaN: true });
    const factor = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(seconds, seconds, seconds, factor, (duration, from, at, by) => {
        const { to } = wholeOf(duration);
        const seen = zoomed(clamped({ from, to: from + 30 }, duration), by, Math.min(at, to), duration);
        expect(seen.from).toBeGreaterThanOrEqual(0);
        expect(seen.to).toBeLessThanOrEqual(to + 1e-9);
        expect(seen.to).toBeGreaterThan(seen.from);
      }),
    );
  });
});

test.each([
  [{ from: 0, to: 60 }, 10, 10, [0, 10, 20, 30, 40, 50, 60]],
  [{ from: 12.2, to: 13.4 }, 6, 0.25, [12.25, 12.5, 12.75, 13, 13.25]],
  [{ from: 0, to: 7200 }, 10, 900, [0, 900, 1800, 2700, 3600, 4500, 5400, 6300, 7200]],
])('marks of %j', (window, most, step, ticks) => {
  expect(ticksOf(window, most)).toEqual({ step, ticks });
});

test('bars that overlap a range are found, even if they began long before', () => {
  const bars = [0, 4, 8, 12, 16].map((start) => ({ start, end: start + 5 }));
  const start = (bar: { start: number }) => bar.start;
  expect(visible(bars, { from: 8.5, to: 12 }, start, 5).map(start)).toEqual([4, 8, 12]);
  expect(visible(bars, { from: 30, to: 40 }, start, 5)).toEqual([]);
});

test.each([
  [0, 0, '0:00'],
  [65.4, 0, '1:05'],
  [3725, 0, '1:02:05'],
  [59.96, 1, '1:00.0'],
  [7.25, 2, '0:07.25'],
])('the clock at %d s', (seconds, decimals, text) => {
  expect(formatClock(seconds, decimals)).toBe(text);
});

test.each([
  [0.0042, '4 ms'],
  [0.152, '152 ms'],
  [0.9996, '1.00 s'],
  [12.34, '12.3 s'],
  [125, '2:05'],
])('%d s take', (seconds, text) => {
  expect(formatSpan(seconds)).toBe(text);
});
