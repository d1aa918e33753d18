import { expect, test } from 'vitest';
import { createPages } from '../../src/gateway/pages.ts';
import { newFolder, startTestGateway } from './running.ts';

const bearer = 'a-token-of-readers';
const headers = { authorization: `Bearer ${bearer}` };

test.each(['/', '/sessions/AJ_1'])('%s is the page, for who may read', async (path) => {
  const gateway = await startTestGateway({ readers: { bearer } });
  expect((await fetch(`${gateway.url}${path}`)).status).toBe(401);
  const page = await fetch(`${gateway.url}${path}`, { headers });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
});

test('its scripts and styles are kept by browsers, at addresses that change with them', async () => {
  const gateway = await startTestGateway({ readers: { bearer } });
  const html = await (await fetch(gateway.url, { headers })).text();
  const addresses = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, address]) => address ?? '');
  expect(addresses.map((address) => address.replace(/^\/page\/[\w-]{12}\//, ''))).toEqual([
    'theme.js',
    'page.css',
    'main.js',
  ]);
  for (const address of addresses) {
    expect((await fetch(`${gateway.url}${address}`)).status).toBe(401);
    const asset = await fetch(`${gateway.url}${address}`, { headers });
    expect(asset.status).toBe(200);
    expect(asset.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(asset.headers.get('content-encoding')).toBe('gzip');
    expect((await asset.text()).length).toBeGreaterThan(100);
    const plain = await fetch(`${gateway.url}${address}`, {
      headers: { ...headers, 'accept-encoding': 'identity' },
    });
    expect(plain.headers.get('content-encoding')).toBeNull();
  }
});

test.each(['/page/another-hash/main.js', '/page/x/..%2f..%2fpackage.json', '/sessions/AJ_1/more'])(
  'there is nothing at %s',
  async (path) => {
    const gateway = await startTestGateway();
    const answer = await fetch(`${gateway.url}${path}`);
    expect([answer.status, await answer.text()]).toEqual([
      404,
      expect.stringContaining('the sessions are at /,'),
    ]);
  },
);

test('sources that were never built say so', () => {
  expect(() => createPages(newFolder())).not.toThrow();
  expect(() => createPages(`${newFolder()}/not-there`)).not.toThrow();
});
