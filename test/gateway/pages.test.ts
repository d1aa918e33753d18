import { expect, test } from 'vitest';
import { createPages } from '../../src/gateway/pages.ts';
import { newFolder, startTestGateway } from './running.ts';

const bearer = 'a-token-of-readers';
const headers = { authorization: `Bearer ${bearer}` };

test.each(['/', '/sessions/AJ_1'])('%s serves the page to authorized readers', async (path) => {
  const gateway = await startTestGateway({ readers: { bearer } });
  expect((await fetch(`${gateway.url}${path}`)).status).toBe(401);
  const page = await fetch(`${gateway.url}${path}`, { headers });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
});

test('scripts, styles and fonts are cacheable at content-hashed addresses', async () => {
  const gateway = await startTestGateway({ readers: { bearer } });
  const html = await (await fetch(gateway.url, { headers })).text();
  const addresses = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, address]) => address ?? '');
  expect(addresses.map((address) => address.replace(/^\/page\/[\w-]{12}\//, ''))).toEqual([
    'inter-latin-wght-normal.woff2',
    'theme.js',
    'page.css',
    'main.js',
  ]);
  for (const address of addresses) {
    expect((await fetch(`${gateway.url}${address}`)).status).toBe(401);
    const asset = await fetch(`${gateway.url}${address}`, { headers });
    expect(asset.status).toBe(200);
    expect(asset.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    // A font is compressed already.
    expect(asset.headers.get('content-encoding')).toBe(address.endsWith('.woff2') ? null : 'gzip');
    expect((await asset.text()).length).toBeGreaterThan(100);
    const uncompressed = await fetch(`${gateway.url}${address}`, {
      headers: { ...headers, 'accept-encoding': 'identity' },
    });
    expect(uncompressed.headers.get('content-encoding')).toBeNull();
  }
});

test('every font in the styles is served with its content type and is cacheable', async () => {
  const gateway = await startTestGateway({ readers: { bearer } });
  const page = await fetch(gateway.url, { headers });
  expect(page.headers.get('content-security-policy')).toContain("font-src 'self';");
  const [, base] = (await page.text()).match(/href="(\/page\/[\w-]{12})\/page\.css"/) ?? [];
  const css = await (await fetch(`${gateway.url}${base}/page.css`, { headers })).text();
  const fonts = [...css.matchAll(/url\("?\.\/([^")]+)"?\)/g)].map(([, name]) => name);
  expect(fonts).toContain('inter-latin-wght-normal.woff2');
  expect(fonts).toContain('inter-latin-ext-wght-normal.woff2');
  for (const name of fonts) {
    expect((await fetch(`${gateway.url}${base}/${name}`)).status).toBe(401);
    const font = await fetch(`${gateway.url}${base}/${name}`, { headers });
    expect([name, font.status, font.headers.get('content-type')]).toEqual([name, 200, 'font/woff2']);
    expect(font.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(Buffer.from(await font.arrayBuffer()).toString('latin1', 0, 4)).toBe('wOF2');
  }
});

test.each(['/page/another-hash/main.js', '/page/x/..%2f..%2fpackage.json', '/sessions/AJ_1/more'])(
  '%s is not found',
  async (path) => {
    const gateway = await startTestGateway();
    const answer = await fetch(`${gateway.url}${path}`);
    expect([answer.status, await answer.text()]).toEqual([
      404,
      expect.stringContaining('the sessions are at /,'),
    ]);
  },
);

test('sources that were never built have an error that says so', () => {
  expect(() => createPages(newFolder())).not.toThrow();
  expect(() => createPages(`${newFolder()}/not-there`)).not.toThrow();
});
