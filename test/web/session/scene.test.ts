import { expect, test } from 'vitest';
import { loudestOf } from '../../../src/web/session/timeline/scene.ts';

const peaksOf = (max: number[], min = max.map((high) => -high)) => ({
  duration: max.length / 20,
  bucketSeconds: 0.05,
  channels: [{ of: 'user' as const, min, max }],
});

const speech = Array.from({ length: 300 }, (_, n) => 25 + (n % 16));
const pause = new Array<number>(5000).fill(1);

test('a single click in the audio does not flatten the waveform', () => {
  expect(loudestOf(peaksOf([...speech, ...pause, 100]))).toBe(40);
});

test('pauses do not amplify speech', () => expect(loudestOf(peaksOf([...pause, 30, 40, 50]))).toBe(50));

test('negative peaks count as well', () => {
  expect(loudestOf(peaksOf([10, 10], [-60, -60]))).toBe(60);
});

test('noise is not amplified', () => {
  expect(loudestOf(peaksOf(pause))).toBe(20);
  expect(loudestOf(peaksOf([5, 7]))).toBe(20);
  expect(loudestOf(undefined)).toBe(20);
});
