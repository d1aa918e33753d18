import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { certificate } from '../http/certificate.ts';
import { newFolder, startTestGateway } from './running.ts';
import { key, one, tokenOf, upload } from './uploads.ts';

const readers = { bearer: 'a-token-that-nobody-knows' };
const elsewhere = { host: '0.0.0.0', readers };

describe('plain HTTP beyond this machine', () => {
  test('is warned about, with what to do', async () => {
    const { lines } = await startTestGateway(elsewhere);
    expect(lines).toEqual([
      'WARNING: plain HTTP on 0.0.0.0: anybody on the network path can read conversations, and the credentials of readers and agents. ' +
        'Set TALKGAUGE_GATEWAY_TLS_CERT and TALKGAUGE_GATEWAY_TLS_KEY, or listen on 127.0.0.1 behind a proxy with TLS; ' +
        'on a network that nobody else can read, say so with --insecure (TALKGAUGE_GATEWAY_INSECURE=true).',
    ]);
  });

  test('is not, where it is meant, where there is TLS, and on this machine', async () => {
    expect((await startTestGateway({ ...elsewhere, insecure: true })).lines).toEqual([]);
    expect((await startTestGateway({ ...elsewhere, tls: certificate('gateway') })).lines).toEqual([]);
    expect((await startTestGateway({ readers })).lines).toEqual([]);
  });

  test('depends on the address on which the port of a container is published', async () => {
    expect((await startTestGateway({ ...elsewhere, published: '127.0.0.1' })).lines).toEqual([]);
    const { lines } = await startTestGateway({ ...elsewhere, published: '192.0.2.1' });
    expect(lines).toEqual([expect.stringContaining('WARNING: plain HTTP on 192.0.2.1: ')]);
  });
});

describe('a secret that may be guessed', () => {
  const short = { pair: { key: 'devkey', secret: 'secret' } };
  const why =
    'the secret of the API key devkey has 6 characters, and may be guessed; take one of at least 32 (`openssl rand -base64 32`), ' +
    'or listen on 127.0.0.1, or say with --insecure that this is a network of yours';

  test('keeps the gateway from starting where others reach it', async () => {
    await expect(startTestGateway({ ...elsewhere, keys: short })).rejects.toThrow(
      `LIVEKIT_API_SECRET cannot be used: ${why}.`,
    );
    const file = join(newFolder(), 'keys.yml');
    writeFileSync(file, `long: ${'x'.repeat(32)}\ndevkey: secret\n`);
    await expect(startTestGateway({ ...elsewhere, keys: { files: [file] } })).rejects.toThrow(
      `The file of API keys ${file} cannot be used: ${why}.`,
    );
  });

  test('is not taken either when a file gets it later', async () => {
    const file = join(newFolder(), 'keys.yml');
    writeFileSync(file, `${key.key}: ${key.secret}\n`);
    const gateway = await startTestGateway({
      ...elsewhere,
      insecure: false,
      keys: { files: [file], reloadMs: 20 },
    });
    writeFileSync(file, `${key.key}: secret\n`);
    await vi.waitFor(() => expect(gateway.lines.at(-1)).toContain('The API keys stay as they were'), {
      timeout: 10_000,
    });
    expect((await upload(gateway.url, one('full-01-logs'))).status).toBe(200);
  });

  test.each([{}, { ...elsewhere, insecure: true }, { ...elsewhere, published: '127.0.0.1' }])(
    'is, with %j',
    async (options) => {
      const gateway = await startTestGateway({ ...options, keys: short });
      const token = await tokenOf({ secret: 'secret' });
      expect((await upload(gateway.url, one('full-01-logs'), { token })).status).toBe(200);
    },
  );
});

test('a port that is taken is refused with the name of the variable that sets it', async () => {
  const { url } = await startTestGateway();
  const port = Number(new URL(url).port);
  await expect(startTestGateway({ port })).rejects.toThrow(
    `Port ${port} is in use; pass { port } or set TALKGAUGE_GATEWAY_PORT`,
  );
});

test('an unknown path is answered with where the sessions are', async () => {
  const { url } = await startTestGateway();
  const response = await fetch(`${url}/nowhere`);
  expect([response.status, await response.text()]).toEqual([
    404,
    'Nothing is here; the sessions are at /, for machines at /api/sessions, the metrics are at /metrics, the probes at /healthz and /readyz.\n',
  ]);
});
