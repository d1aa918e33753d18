import { expect, test } from 'vitest';
import { kindOf } from '../../../src/gateway/receive/endpoints.ts';

test.each([
  ['/observability/traces/otlp/v0', 'traces'],
  ['/observability/logs/otlp/v0', 'logs'],
  ['/observability/metrics/otlp/v0', 'metrics'],
  ['/observability/recordings/v0', 'recordings'],
  // Python keeps the slash at the end of LIVEKIT_OBSERVABILITY_URL.
  ['//observability/logs/otlp/v0', 'logs'],
  ['/some/base//observability/recordings/v0/', 'recordings'],
])('%s is for %s', (path, kind) => {
  expect(kindOf(path)).toBe(kind);
});

test.each([
  '/',
  '/observability',
  '/observability/traces/v0',
  '/observability/recordings/otlp/v0',
  '/v1/traces',
  '/observabilityx/recordings/v0',
])('%s is for nothing', (path) => {
  expect(kindOf(path)).toBeUndefined();
});
