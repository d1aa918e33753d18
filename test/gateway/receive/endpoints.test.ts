import { request } from 'node:http';
import { expect, test } from 'vitest';
import { kindOf } from '../../../src/gateway/receive/endpoints.ts';
import { startTestGateway } from '../running.ts';

test.each([
  ['/observability/traces/otlp/v0', 'traces'],
  ['/observability/logs/otlp/v0', 'logs'],
  ['/observability/metrics/otlp/v0', 'metrics'],
  ['/observability/recordings/v0', 'recordings'],
  // Python keeps the slash at the end of LIVEKIT_OBSERVABILITY_URL.
  ['//observability/logs/otlp/v0', 'logs'],
  ['/some/base//observability/recordings/v0/', 'recordings'],
])('%s receives %s', (path, kind) => {
  expect(kindOf(path)).toBe(kind);
});

test.each([
  '/',
  '/observability',
  '/observability/traces/v0',
  '/observability/recordings/otlp/v0',
  '/v1/traces',
  '/observabilityx/recordings/v0',
])('%s is not an endpoint', (path) => {
  expect(kindOf(path)).toBeUndefined();
});

test('a path longer than any base URL needs is not an endpoint', () => {
  const end = '/observability/logs/otlp/v0';
  expect(kindOf(`${'/'.repeat(2048 - end.length)}${end}`)).toBe('logs');
  expect(kindOf(`${'/'.repeat(1_000_000)}${end}`)).toBeUndefined();
  // A regular expression that restarts at each slash would need 500,000,000,000 steps for this path.
  expect(kindOf('/'.repeat(1_000_000))).toBeUndefined();
});

test('a request path of the maximum number of slashes is answered like any unknown path', async () => {
  const gateway = await startTestGateway();
  const { hostname, port } = new URL(gateway.url);
  const status = await new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path: '/'.repeat(15_000) }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end();
  });
  expect(status).toBe(404);
});
