import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tlsContext } from '../../src/http/tls.ts';
import { certificate } from './certificate.ts';
import { ask, serve } from './serving.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'talkgauge-tls-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const server = certificate('server one');

/** The common name of the certificate that a server presents. */
function presentedName(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false });
    socket.once('secureConnect', () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('HTTPS', () => {
  test('accepts PEM strings', async () => {
    const { url } = await serve({ tls: server });
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const { status, text } = await ask(`${url}/metrics`, { ca: server.cert });
    expect(status).toBe(200);
    expect(text).toBe('# text\n');
  });

  test('requires TLS 1.2 independently of the default of Node', () => {
    expect(tlsContext(server).minVersion).toBe('TLSv1.2');
  });

  test('refuses TLS 1.1', async () => {
    const { url } = await serve({ tls: server });
    const old = {
      ca: server.cert,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    } as const;
    await expect(ask(`${url}/healthz`, old)).rejects.toThrow('alert protocol version');
    const newer = { ...old, maxVersion: 'TLSv1.2' } as const;
    expect((await ask(`${url}/healthz`, newer)).status).toBe(200);
  });

  test('closes while a client hangs in the handshake', async () => {
    const { url, close } = await serve({ tls: server });
    const socket = connectPlain(Number(new URL(url).port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    await close();
    await ended;
  });

  test('with a client CA accepts only its clients and logs no warning on an open host', async () => {
    const authority = certificate('client authority');
    const client = certificate('prometheus', authority);
    const untrusted = certificate('untrusted');
    const { url, logged } = await serve({ host: '0.0.0.0', tls: { ...server, clientCa: authority.cert } });
    const as = (who?: { cert: string; key: string }) =>
      ask(`${url}/metrics`, { ca: server.cert, cert: who?.cert, key: who?.key });
    expect((await as(client)).status).toBe(200);
    await expect(as(untrusted)).rejects.toThrow();
    await expect(as(undefined)).rejects.toThrow();
    expect(logged).toEqual([]);
  });
});

describe('certificate files', () => {
  test('are reloaded for the next connection after a renewal', async () => {
    const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
    await Promise.all([writeFile(cert, server.cert), writeFile(key, server.key)]);
    const { url, logged } = await serve({ tls: { cert, key, reloadMs: 20 } });
    expect(await presentedName(url)).toBe('server one');
    const renewed = certificate('server two');
    await writeFile(cert, renewed.cert);
    // The key is still the old one, so the server keeps the old pair. It may have read the file while it was empty.
    const refused = 'The old TLS certificate stays in use: tls.cert and tls.key do not work';
    await waitUntil(async () => logged.some((line) => line.includes(refused)));
    expect(await presentedName(url)).toBe('server one');
    await writeFile(key, renewed.key);
    await waitUntil(async () => (await presentedName(url)) === 'server two');
  });

  test('that are temporarily empty during a write leave the old certificate in use', async () => {
    const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
    await Promise.all([writeFile(cert, server.cert), writeFile(key, server.key)]);
    const { url, logged } = await serve({ tls: { cert, key, reloadMs: 20 } });
    await writeFile(cert, '');
    await waitUntil(async () => logged.length > 0);
    expect(logged[0]).toBe(
      `The old TLS certificate stays in use: tls.cert: ${cert} holds no PEM; give PEM or a file`,
    );
    expect(await presentedName(url)).toBe('server one');
  });

  test('are reloaded when a symbolic link is replaced', async () => {
    const renewed = certificate('server two');
    for (const [name, pair] of Object.entries({ one: server, two: renewed })) {
      await writeFile(join(folder, `${name}.pem`), pair.cert + pair.key);
    }
    const link = join(folder, 'current.pem');
    await symlink('one.pem', link);
    const { url } = await serve({ tls: { cert: link, key: link, reloadMs: 20 } });
    expect(await presentedName(url)).toBe('server one');
    await symlink('two.pem', join(folder, 'next.pem'));
    await rename(join(folder, 'next.pem'), link);
    await waitUntil(async () => (await presentedName(url)) === 'server two');
  });

  test('that are missing are an error with their path', async () => {
    const missing = join(folder, 'nothing.pem');
    await expect(serve({ tls: { cert: missing, key: server.key } })).rejects.toMatchObject({
      code: 'ERR_TLS',
      message: `tls.cert: ${missing} cannot be read (ENOENT); give PEM or a file`,
    });
  });
});

test('a key that does not match the certificate is refused at the start', async () => {
  const { key } = certificate('other');
  await expect(serve({ tls: { cert: server.cert, key } })).rejects.toMatchObject({
    code: 'ERR_TLS',
    message: expect.stringContaining('give a PEM certificate and its own key'),
  });
});
