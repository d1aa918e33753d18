import { expect, test } from 'vitest';
import { timeseries } from '../../../../src/monitoring/boards/panels/charts.ts';

const spec = {
  title: 'Failed calls',
  description: 'The share of calls that failed.',
  unit: 'percentunit',
  width: 12,
  empty: 'No calls',
  targets: [{ expr: 'vector(0)', legend: '{{tool}}' }],
};
const softMax = (more: object) =>
  timeseries({ ...spec, ...more }).build().fieldConfig?.defaults.custom?.axisSoftMax;

test('the axis of a ratio ends at its limit, or at 1 %, so that zeros do not scale it to 10000 %', () => {
  expect(softMax({ limit: 0.05 })).toBe(0.05);
  expect(softMax({})).toBe(0.01);
  expect(softMax({ reach: 0.5, limit: 0.05 })).toBe(0.5);
  expect(softMax({ unit: 's', limit: 5 })).toBeUndefined();
});

test('a sorted legend is in descending order of its first value', () => {
  const legend = (more: object) => timeseries({ ...spec, ...more }).build().options?.legend;
  expect(legend({ legend: ['lastNotNull', 'mean'], sorted: true })).toMatchObject({
    sortBy: 'Last *',
    sortDesc: true,
  });
  expect(legend({ legend: ['mean'] })).not.toHaveProperty('sortBy');
});
