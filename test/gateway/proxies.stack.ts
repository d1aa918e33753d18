import { describe, expect, test } from 'vitest';
import { pair, runTypedCall } from './javascript.ts';
import { type ProxyHandler, page, startProxy } from './proxy.ts';
import { startPythonWorker, version } from './python/worker.ts';
import { startTestGateway } from './running.ts';

/** Milliseconds. The SDKs wait for 8 seconds and more if a receiver does not answer correctly. */
const limit = 5000;
/** Milliseconds. The SDKs retry a connection for ten seconds, and wait thirty for an answer. */
const retryLimit = 20_000;

/** Answers every request with this status. */
const always =
  (status: number): ProxyHandler =>
  (incoming, outgoing) => {
    incoming.resume().on('end', () => page(outgoing, status));
  };

/** Redirects every request to a path that is forwarded to the gateway. */
const redirect =
  (status: number): ProxyHandler =>
  (incoming, outgoing, forward) => {
    if (incoming.url?.startsWith('/there')) return forward();
    incoming.resume().on('end', () => page(outgoing, status, { location: `/there${incoming.url}` }));
  };

describe('a job with a proxy in front of the gateway exits quickly', () => {
  test.each([
    ['the body is too large for the proxy', always(413), limit],
    ['the proxy cannot reach the gateway', always(502), retryLimit],
    ['the proxy answers every request with its own page', always(200), limit],
  ])('Node.js: %s', async (_, handler, most) => {
    const proxy = await startProxy(() => '', handler);
    expect(await runTypedCall(proxy.url)).toBeLessThan(most);
    expect(proxy.uploads.length).toBeGreaterThan(0);
  });

  test('Node.js: a redirect drops the bodies, and the SDK stops after the first response', async () => {
    const gateway = await startTestGateway({ keys: { pair } });
    const proxy = await startProxy(() => gateway.url, redirect(301));
    expect(await runTypedCall(proxy.url, { LOG_LEVEL: 'info' })).toBeLessThan(limit);
    expect(proxy.uploads.map(({ kind, status }) => [kind, status])).toEqual([
      ['logs', 301],
      ['logs', 401],
    ]);
    const redirected = { kind: 'logs', reason: 'redirected' };
    expect(await gateway.metric('talkgauge_gateway_refused_total', redirected)).toBe(1);
  });

  test.skipIf(version === undefined && !process.env.CI)('Python', async () => {
    const gateway = await startTestGateway({ keys: { pair } });
    let handler = always(413);
    const proxy = await startProxy(
      () => gateway.url,
      (...request) => handler(...request),
    );
    const worker = await startPythonWorker(proxy.url, pair);
    try {
      expect(await worker.run('AJ_large', ['Hello']), 'too large').toBeLessThan(limit);
      handler = always(502);
      expect(await worker.run('AJ_unreachable', ['Hello']), 'unreachable').toBeLessThan(retryLimit);
      handler = always(200);
      expect(await worker.run('AJ_page', ['Hello']), 'a page').toBeLessThan(limit);
      handler = redirect(301);
      expect(await worker.run('AJ_away', ['Hello']), 'a redirect').toBeLessThan(limit);
      expect(
        await gateway.metric('talkgauge_gateway_refused_total', { reason: 'redirected' }),
      ).toBeGreaterThan(0);
    } finally {
      await worker.close();
    }
  });
});
