import { expect, test } from 'vitest';
import {
  formatAmount,
  formatCost,
  formatCount,
  formatDay,
  formatDuration,
  formatLatency,
  formatReason,
} from '../../src/web/formats.ts';

test.each([
  [0, '0 s'],
  [8.4, '8 s'],
  [59.6, '1:00'],
  [245, '4:05'],
  [3729, '1:02:09'],
  [-3, '0 s'],
])('%d seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test.each([
  [undefined, '–'],
  [0.8449, '0.84 s'],
  [12.34, '12.3 s'],
])('a latency of %s is %s', (seconds, text) => expect(formatLatency(seconds)).toBe(text));

test.each([
  [undefined, '–'],
  [0, '$0'],
  [0.00002, '<$0.0001'],
  [0.0031, '$0.0031'],
  [1.239, '$1.24'],
  [1234.56, '$1,234.56'],
])('US dollars of %s are %s', (usd, text) => expect(formatCost(usd)).toBe(text));

test('counts have thousands separators, and reasons have no underscores', () => {
  expect(formatCount(10000)).toBe('10,000');
  expect(formatReason('participant_disconnected')).toBe('participant disconnected');
});

test("dates are formatted in the viewer's time zone", () => {
  const noon = new Date(2026, 10, 27, 12).getTime() / 1000;
  const hour = 3600;
  expect(formatDay(noon - 11 * hour, noon)).toBe('Today');
  expect(formatDay(noon - 13 * hour, noon)).toBe('Yesterday');
  expect(formatDay(noon - 37 * hour, noon)).toBe('25 Nov');
  expect(formatDay(new Date(2025, 2, 3).getTime() / 1000, noon)).toBe('3 Mar 2025');
});

test.each([
  ['input_tokens', 4899, 'input tokens 4,899'],
  ['characters_count', 511, 'characters 511'],
  ['audio_duration', 31.7, 'audio duration 31.7 s'],
  ['total_requests', 19, 'total requests 19'],
])('of what was used, %s of %d', (name, amount, text) => expect(formatAmount(name, amount)).toBe(text));
