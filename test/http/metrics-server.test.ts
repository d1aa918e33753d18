import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ask, serve } from './serving.ts';

/** Counts the requests for /metrics that the servers of this process receive from now on. */
function countScrapes(): () => number {
  let scrapes = 0;
  const count = (message: unknown) => {
    if ((message as { request: { url: string } }).request.url === '/metrics') scrapes++;
  };
  subscribe('http.server.request.start', count);
  onTestFinished(() => void unsubscribe('http.server.request.start', count));
  return () => scrapes;
}

describe('GET /metrics', () => {
  test('returns text 0.0.4 by default', async () => {
    const { url } = await serve();
    const { status, headers, text } = await ask(`${url}/metrics`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toBe('# text\n');
    expect(headers['content-length']).toBe('7');
    expect(headers.vary).toBe('Accept, Accept-Encoding');
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers.etag).toBeUndefined();
  });

  test('returns OpenMetrics 1.0, compressed, on request', async () => {
    const { url } = await serve();
    const { headers, raw } = await ask(`${url}/metrics`, {
      headers: { accept: 'application/openmetrics-text;version=1.0.0', 'accept-encoding': 'gzip' },
    });
    expect(headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(headers['content-encoding']).toBe('gzip');
    expect(headers['content-length']).toBe(String(raw.length));
    expect(gunzipSync(raw).toString()).toBe('# openmetrics\n');
  });

  test('sends the content length in bytes, not characters', async () => {
    const { url } = await serve({ expose: async () => 'x{a="ü🎧"} 1\n' });
    const { headers, text } = await ask(`${url}/metrics`);
    expect(headers['content-length']).toBe('16');
    expect(text).toBe('x{a="ü🎧"} 1\n');
  });

  test('with HEAD returns the headers of GET and no body', async () => {
    const { url } = await serve();
    const { status, headers, raw } = await ask(`${url}/metrics`, { method: 'HEAD' });
    expect(status).toBe(200);
    expect(headers['content-length']).toBe('7');
    expect(raw).toHaveLength(0);
  });

  test('builds the exposition once for twenty concurrent requests', async () => {
    let builds = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { url } = await serve({
      expose: async () => {
        builds++;
        await released;
        return 'up 1\n';
      },
    });
    const arrived = countScrapes();
    const scrapes = Array.from({ length: 20 }, () => ask(`${url}/metrics`));
    // All twenty requests must arrive before the one build ends.
    await vi.waitFor(() => expect(arrived()).toBe(20), { timeout: 60_000, interval: 5 });
    release();
    for (const { text } of await Promise.all(scrapes)) expect(text).toBe('up 1\n');
    expect(builds).toBe(1);
  });

  test('returns a 500 without details when the build fails, logs it once, and recovers', async () => {
    let failures = 3;
    const { url, logged } = await serve({
      expose: async () => {
        if (failures-- > 0) throw new Error('secret detail');
        return 'up 1\n';
      },
    });
    for (let scrape = 0; scrape < 3; scrape++) {
      const { status, text } = await ask(`${url}/metrics`);
      expect(status).toBe(500);
      expect(text).not.toContain('secret');
    }
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('secret detail');
    expect((await ask(`${url}/metrics`)).text).toBe('up 1\n');
    failures = 1;
    expect((await ask(`${url}/metrics`)).status).toBe(500);
    expect(logged).toHaveLength(2);
  });
});

describe('probes', () => {
  test('/healthz is ok while the server runs', async () => {
    const { url } = await serve();
    expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200, text: 'ok\n' });
  });

  test('/readyz reports the readiness and its reason in one line', async () => {
    let state: { ready: boolean; reason?: string } = { ready: false, reason: 'not registered\nwith LiveKit' };
    const { url } = await serve({ ready: () => state });
    expect(await ask(`${url}/readyz`)).toMatchObject({ status: 503, text: 'not registered with LiveKit\n' });
    state = { ready: true };
    expect(await ask(`${url}/readyz`)).toMatchObject({ status: 200, text: 'ready\n' });
  });

  test('/readyz is 503 when the check itself fails', async () => {
    const { url } = await serve({ ready: () => Promise.reject(new Error('no server')) });
    expect(await ask(`${url}/readyz`)).toMatchObject({
      status: 503,
      text: 'the check itself failed: no server\n',
    });
  });

  test('/readyz is 200 without a check', async () => {
    const { url } = await serve();
    expect((await ask(`${url}/readyz`)).status).toBe(200);
  });
});

describe('other requests', () => {
  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is not allowed', async (method) => {
    const { url } = await serve();
    for (const path of ['/metrics', '/healthz']) {
      const { status, headers } = await ask(`${url}${path}`, { method });
      expect(status).toBe(405);
      expect(headers.allow).toBe('GET, HEAD');
    }
  });

  test.each(['/', '/favicon.ico', '/metrics/x', '/%', '/..%2fmetrics'])(
    '%s returns 404 with a hint',
    async (path) => {
      const { url } = await serve();
      const { status, text } = await ask(`${url}${path}`);
      expect(status).toBe(404);
      expect(text).toContain('/metrics');
    },
  );

  test('invalid bytes on the socket do not affect the server', async () => {
    const { url } = await serve();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {});
    socket.end('\u0000\u0001 not http at all\r\n\r\n');
    socket.resume();
    await ended;
    expect((await ask(`${url}/healthz`)).status).toBe(200);
  });
});
