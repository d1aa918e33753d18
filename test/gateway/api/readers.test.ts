import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import express from 'express';
import { describe, expect, test } from 'vitest';
import { createReaderGuard } from '../../../src/gateway/api/readers.ts';
import { Telemetry } from '../../../src/gateway/telemetry.ts';
import { startTestGateway } from '../running.ts';
import { one, upload } from '../uploads.ts';

const bearer = 'a-token-that-nobody-knows';

/** A request with headers that `fetch` would not send. */
function statusOf(
  url: string,
  path: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url + path, { headers, method }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

test.each(['0.0.0.0', '::', '192.0.2.1'])(
  'the gateway does not start on %s without a login',
  async (host) => {
    await expect(startTestGateway({ host })).rejects.toThrow(
      /anybody who reaches the gateway could read what was said: set TALKGAUGE_GATEWAY_TOKEN, .* or listen on 127\.0\.0\.1/,
    );
  },
);

describe('a gateway with a login', () => {
  const readers = { bearer, basic: { username: 'ann', password: 'secret' } };
  const paths = [
    '/api/sessions',
    '/api/facets',
    '/api/sessions/AJ_1/audio',
    '/api/events',
    '/api/openapi.json',
    '/metrics',
  ];

  test.each(paths)('%s requires the login', async (path) => {
    const gateway = await startTestGateway({ host: '0.0.0.0', readers });
    const response = await fetch(gateway.url + path);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Basic realm="sessions"');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).toBe(
      'The sessions need credentials: an Authorization header as WWW-Authenticate says. In a browser, reload the page to log in.\n',
    );
  });

  test.each([`Bearer ${bearer}`, `Basic ${Buffer.from('ann:secret').toString('base64')}`])(
    '%s is one',
    async (authorization) => {
      const gateway = await startTestGateway({ host: '0.0.0.0', readers });
      expect((await fetch(`${gateway.url}/api/sessions`, { headers: { authorization } })).status).toBe(200);
    },
  );

  test('uploads need an upload token, which does not allow reading', async () => {
    const gateway = await startTestGateway({ host: '0.0.0.0', readers });
    expect((await upload(gateway.url, one('full-02-traces'), { token: bearer })).status).toBe(401);
    expect((await upload(gateway.url, one('full-02-traces'))).status).toBe(200);
  });

  test('an address that guesses credentials is rate-limited, other addresses are not', async () => {
    const gateway = await startTestGateway({ readers, openMetrics: true });
    const good = { authorization: `Bearer ${bearer}` };
    const statusWith = (headers: Record<string, string>) => statusOf(gateway.url, '/api/sessions', headers);
    const statuses = [];
    for (let n = 0; n < 102; n++) statuses.push(await statusWith({ authorization: `Bearer guess-${n}` }));
    expect(statuses.slice(0, 100)).toEqual(Array(100).fill(401));
    expect(statuses.slice(100)).toEqual([429, 429]);
    expect(await statusWith(good)).toBe(200);
    const refused = (reason: string) => gateway.metric('talkgauge_gateway_read_refused_total', { reason });
    expect([await refused('unauthorized'), await refused('rate_limited')]).toEqual([100, 2]);
  });

  test('closed event streams do not count as failed logins', async () => {
    const gateway = await startTestGateway({ readers });
    const headers = { authorization: `Bearer ${bearer}` };
    for (let n = 0; n < 105; n++) {
      const closing = new AbortController();
      const { status } = await fetch(`${gateway.url}/api/events`, { headers, signal: closing.signal });
      closing.abort();
      expect(status).toBe(200);
    }
    // A request without credentials is asked for them (401), and not rate-limited (429).
    expect(await statusOf(gateway.url, '/api/sessions', {})).toBe(401);
  });

  test('/metrics and the probes can be open', async () => {
    const gateway = await startTestGateway({ host: '0.0.0.0', readers, openMetrics: true });
    for (const path of ['/metrics', '/healthz', '/readyz'])
      expect((await fetch(gateway.url + path)).status).toBe(200);
  });
});

describe('behind an authenticating proxy', () => {
  const proxy = { header: 'x-forwarded-user', from: ['127.0.0.0/8'] };

  test("the proxy's header is required, and trusted from the proxy's address", async () => {
    const gateway = await startTestGateway({ host: '0.0.0.0', readers: { proxy } });
    expect(await statusOf(gateway.url, '/api/sessions', { 'x-forwarded-user': 'ann' })).toBe(200);
    expect(await statusOf(gateway.url, '/api/sessions', { 'x-forwarded-user': '' })).toBe(401);
    expect(await statusOf(gateway.url, '/api/sessions', {})).toBe(401);
  });

  test('the header is not trusted from other addresses', async () => {
    const elsewhere = { header: 'x-forwarded-user', from: ['192.0.2.0/24', '2001:db8::1'] };
    const gateway = await startTestGateway({ readers: { proxy: elsewhere } });
    expect(await statusOf(gateway.url, '/api/sessions', { 'x-forwarded-user': 'ann' })).toBe(401);
  });

  test('an invalid network is refused', async () => {
    await expect(
      startTestGateway({ readers: { proxy: { header: 'x-user', from: ['10.0.0.0/x'] } } }),
    ).rejects.toThrow('10.0.0.0/x is neither an address nor a network');
  });
});

test('behind a proxy with known host names, other host names are refused', async () => {
  const proxy = { header: 'x-forwarded-user', from: ['127.0.0.0/8'], hosts: ['sessions.example'] };
  const gateway = await startTestGateway({ readers: { proxy } });
  const statusAt = (host: string) =>
    statusOf(gateway.url, '/api/sessions', { 'x-forwarded-user': 'ann', host });
  expect(await statusAt('sessions.example')).toBe(200);
  expect(await statusAt('sessions.example:9465')).toBe(200);
  expect(await statusAt('evil.example:9465')).toBe(401);
});

describe('failed logins are counted by address', () => {
  /** Returns the status of a request without credentials from each address, after a hundred such requests from the first. */
  async function statusesFrom(addresses: readonly string[]): Promise<number[]> {
    const guard = createReaderGuard({
      readers: { bearer },
      host: '127.0.0.1',
      telemetry: new Telemetry(),
    });
    const app = express();
    app.use((request, _response, next) => {
      Object.defineProperty(request.socket, 'remoteAddress', {
        value: request.headers['x-test-address'],
        configurable: true,
      });
      next();
    }, guard);
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const from = (address = '') => statusOf(url, '/', { 'x-test-address': address });
    for (let n = 0; n < 100; n++) await from(addresses[0]);
    const statuses = [];
    for (const address of addresses) statuses.push(await from(address));
    server.close();
    return statuses;
  }

  test('each IPv4 address counts separately', async () => {
    expect(await statusesFrom(['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2'])).toEqual([429, 429, 401]);
  });

  test('an IPv6 /64 network counts as one address', async () => {
    const addresses = ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', '2001:db8:0:2::1'];
    expect(await statusesFrom(addresses)).toEqual([429, 429, 401]);
  });
});

describe('without a login, on loopback', () => {
  test('DNS rebinding is refused', async () => {
    const gateway = await startTestGateway();
    expect(await statusOf(gateway.url, '/api/sessions', { host: 'evil.example:9465' })).toBe(403);
    expect(await statusOf(gateway.url, '/api/sessions', { host: 'localhost:9465' })).toBe(200);
    expect(await gateway.metric('talkgauge_gateway_read_refused_total', { reason: 'host' })).toBe(1);
  });

  test.each<Record<string, string>>([
    { 'x-forwarded-for': '203.0.113.7' },
    { 'x-forwarded-host': 'sessions.example' },
    { 'x-real-ip': '203.0.113.7' },
    { forwarded: 'for=203.0.113.7' },
    { via: '1.1 proxy' },
    { 'cf-connecting-ip': '203.0.113.7' },
  ])('a proxied request is refused, and the response names the option to set: %j', async (headers) => {
    const gateway = await startTestGateway();
    for (const [path, method] of [
      ['/', 'GET'],
      ['/api/sessions', 'GET'],
      ['/api/sessions/AJ_1', 'DELETE'],
      ['/metrics', 'GET'],
    ] as const)
      expect(await statusOf(gateway.url, path, headers, method), path).toBe(403);
    const { error } = await gateway.json('/api/sessions', { headers: { 'x-forwarded-for': '203.0.113.7' } });
    expect(error).toMatch(
      /^This request came through a proxy \(x-forwarded-for\).*set TALKGAUGE_GATEWAY_TOKEN/,
    );
    expect(await gateway.metric('talkgauge_gateway_read_refused_total', { reason: 'forwarded' })).toBe(5);
  });

  test.each([
    [{ referer: 'https://sessions.example/' }, 'sessions.example'],
    [{ referer: 'http://192.0.2.7:8080/sessions/AJ_1' }, '192.0.2.7:8080'],
    [{ origin: 'https://sessions.example' }, 'sessions.example'],
  ])(
    'requests of a page that has another address in its browser are refused too: %j',
    async (headers, page) => {
      const gateway = await startTestGateway();
      const response = await fetch(`${gateway.url}/api/sessions`, { headers });
      expect([response.status, await response.json()]).toEqual([
        403,
        { error: expect.stringContaining(`came through a proxy (from a page at ${page})`) },
      ]);
    },
  );

  test('a link from elsewhere leads to a session, and the page reads it', async () => {
    const gateway = await startTestGateway();
    const grafana = { referer: 'http://grafana.example:3000/' };
    expect(await statusOf(gateway.url, '/sessions/AJ_1', grafana)).toBe(200);
    for (const address of [gateway.url, 'http://localhost:9465', 'http://[::1]:9465'])
      expect(await statusOf(gateway.url, '/api/sessions', { referer: `${address}/sessions/AJ_1` })).toBe(200);
  });

  test('requests from nginx before 1.29.7, which speaks HTTP/1.0 and adds no header, are refused too', async () => {
    const gateway = await startTestGateway();
    const { hostname, port, host } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /api/sessions HTTP/1.0\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 403 .*came through a proxy \(HTTP\/1\.0\)/s);
  });

  test('with a login, requests may come through any proxy', async () => {
    const gateway = await startTestGateway({ readers: { bearer } });
    const headers = { authorization: `Bearer ${bearer}`, 'x-forwarded-for': '203.0.113.7', via: '1.1 proxy' };
    expect(await statusOf(gateway.url, '/api/sessions', headers)).toBe(200);
  });

  test.each<Record<string, string>>([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
  ])('a page of somebody else may not delete: %j', async (headers) => {
    const gateway = await startTestGateway();
    expect(await statusOf(gateway.url, '/api/sessions/AJ_1', headers, 'DELETE')).toBe(403);
  });

  test('the page of the gateway may send changes', async () => {
    const gateway = await startTestGateway();
    const headers = { 'sec-fetch-site': 'same-origin', origin: gateway.url };
    expect(await statusOf(gateway.url, '/api/sessions/AJ_1', headers, 'DELETE')).toBe(404);
  });
});
