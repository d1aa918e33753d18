import { describe, expect, test } from 'vitest';
import { pair, runTypedCall } from './javascript.ts';
import { type Conduct, page, startProxy } from './proxy.ts';
import { startPythonWorker, version } from './python/worker.ts';
import { startTestGateway } from './running.ts';

/** What the SDKs wait for, in milliseconds, when a receiver does not answer as it should, is 8 seconds and more. */
const limit = 5000;
/** To get through, they try for ten seconds; an answer that never came would take thirty. */
const patience = 20_000;

/** Answers everything by itself. */
const always =
  (status: number): Conduct =>
  (incoming, outgoing) => {
    incoming.resume().on('end', () => page(outgoing, status));
  };

/** Leads everything somewhere else, where the gateway is. */
const redirect =
  (status: number): Conduct =>
  (incoming, outgoing, pass) => {
    if (incoming.url?.startsWith('/there')) return pass();
    incoming.resume().on('end', () => page(outgoing, status, { location: `/there${incoming.url}` }));
  };

describe('a proxy in front of the gateway, and a job', () => {
  test.each([
    ['the body is too large for the proxy', always(413), limit],
    ['the proxy cannot reach the gateway', always(502), patience],
    ['the proxy has a page of its own for all', always(200), limit],
  ])('of Node.js, when %s', async (_, conduct, most) => {
    const proxy = await startProxy(() => '', conduct);
    expect(await runTypedCall(proxy.url)).toBeLessThan(most);
    expect(proxy.uploads.length).toBeGreaterThan(0);
  });

  test('of Node.js, when a redirect takes the bodies away: its SDK stops at the first answer', async () => {
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

  test.skipIf(version === undefined && !process.env.CI)('of Python', async () => {
    const gateway = await startTestGateway({ keys: { pair } });
    let conduct = always(413);
    const proxy = await startProxy(
      () => gateway.url,
      (...request) => conduct(...request),
    );
    const worker = await startPythonWorker(proxy.url, pair);
    try {
      expect(await worker.run('AJ_large', ['Hello']), 'too large').toBeLessThan(limit);
      conduct = always(502);
      expect(await worker.run('AJ_unreachable', ['Hello']), 'unreachable').toBeLessThan(patience);
      conduct = always(200);
      expect(await worker.run('AJ_page', ['Hello']), 'a page').toBeLessThan(limit);
      conduct = redirect(301);
      expect(await worker.run('AJ_away', ['Hello']), 'a redirect').toBeLessThan(limit);
      expect(
        await gateway.metric('talkgauge_gateway_refused_total', { reason: 'redirected' }),
      ).toBeGreaterThan(0);
    } finally {
      await worker.close();
    }
  });
});
