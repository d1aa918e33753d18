import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
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

test.each(['0.0.0.0', '::', '192.0.2.1'])('it does not start on %s without a login', async (host) => {
  await expect(startTestGateway({ host })).rejects.toThrow(
    /anybody who reaches the gateway could read what was said: set EARSHOT_GATEWAY_TOKEN, .* or listen on 127\.0\.0\.1/,
  );
});

describe('with a login', () => {
  const readers = { bearer, basic: { username: 'ann', password: 'secret' } };
  const paths = [
    '/api/sessions',
    '/api/facets',
    '/api/sessions/AJ_1/audio',
    '/api/events',
    '/api/openapi.json',
    '/metrics',
  ];

  test.each(paths)('%s needs it', async (path) => {
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

  test('uploads need their own token, and reading is not among what it allows', async () => {
    const gateway = await startTestGateway({ host: '0.0.0.0', readers });
    expect((await upload(gateway.url, one('full-02-traces'), { token: bearer })).status).toBe(401);
    expect((await upload(gateway.url, one('full-02-traces'))).status).toBe(200);
  });

  test('whoever guesses is stopped', async () => {
    const gateway = await startTestGateway({ readers });
    const statuses = new Set<number>();
    for (let n = 0; n < 102; n++) {
      statuses.add(await statusOf(gateway.url, '/api/sessions', { authorization: `Bearer guess-${n}` }));
    }
    expect([...statuses]).toEqual([401, 429]);
  });

  test('/metrics and the probes can be open', async () => {
    const gateway = await startTestGateway({ host: '0.0.0.0', readers, openMetrics: true });
    for (const path of ['/metrics', '/healthz', '/readyz'])
      expect((await fetch(gateway.url + path)).status).toBe(200);
  });
});

describe('behind a proxy that logs people in', () => {
  const proxy = { header: 'x-forwarded-user', from: ['127.0.0.0/8'] };

  test('its header is believed where it comes from the proxy, and needed', async () => {
    const gateway = await startTestGateway({ host: '0.0.0.0', readers: { proxy } });
    expect(await statusOf(gateway.url, '/api/sessions', { 'x-forwarded-user': 'ann' })).toBe(200);
    expect(await statusOf(gateway.url, '/api/sessions', { 'x-forwarded-user': '' })).toBe(401);
    expect(await statusOf(gateway.url, '/api/sessions', {})).toBe(401);
  });

  test('it is not believed from elsewhere', async () => {
    const elsewhere = { header: 'x-forwarded-user', from: ['192.0.2.0/24', '2001:db8::1'] };
    const gateway = await startTestGateway({ readers: { proxy: elsewhere } });
    expect(await statusOf(gateway.url, '/api/sessions', { 'x-forwarded-user': 'ann' })).toBe(401);
  });

  test('a network that is none is refused', async () => {
    await expect(
      startTestGateway({ readers: { proxy: { header: 'x-user', from: ['10.0.0.0/x'] } } }),
    ).rejects.toThrow('10.0.0.0/x is neither an address nor a network');
  });
});

describe('without a login, on loopback', () => {
  test('a page cannot come in by a name of its own that leads here', async () => {
    const gateway = await startTestGateway();
    expect(await statusOf(gateway.url, '/api/sessions', { host: 'evil.example:9465' })).toBe(403);
    expect(await statusOf(gateway.url, '/api/sessions', { host: 'localhost:9465' })).toBe(200);
    expect(await gateway.metric('earshot_gateway_read_refused_total', { reason: 'host' })).toBe(1);
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

  test('its own page may', async () => {
    const gateway = await startTestGateway();
    const headers = { 'sec-fetch-site': 'same-origin', origin: gateway.url };
    expect(await statusOf(gateway.url, '/api/sessions/AJ_1', headers, 'DELETE')).toBe(404);
  });
});
