import { expect, test } from 'vitest';
import { callReports } from '../../src/simulate/reports.ts';

test('reports go beside what else is kept, a gibibyte of them at most', () => {
  expect(callReports('/data', {})).toEqual({
    options: { to: '/data/reports', maxMb: 1024 },
    environment: { TALKGAUGE_REPORTS: '/data/reports' },
    to: '/data/reports',
  });
});

test('a limit of the user is his', () => {
  expect(callReports('/data', { TALKGAUGE_REPORTS_MAX_MB: '5' }).options).toEqual({ to: '/data/reports' });
});

test('reports that the user wants elsewhere go there, and nothing of his is bounded for him', () => {
  expect(callReports('/data', { TALKGAUGE_REPORTS: ' s3://calls/demo ' })).toEqual({
    options: {},
    environment: {},
    to: 's3://calls/demo',
  });
});
