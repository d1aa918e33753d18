import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { certificate } from '../http/certificate.ts';
import { newFolder, startTestGateway } from './running.ts';
import { key, one, tokenOf, upload } from './uploads.ts';

const readers = { bearer: 'a-token-that-nobody-knows' };
const allInterfaces = { host: '0.0.0.0', readers };

describe('plain HTTP on a non-loopback address', () => {
  test('logs a warning with instructions', async () => {
    const { lines } = await startTestGateway(allInterfaces);
    expect(lines).toEqual([
      'WARNING: plain HTTP on 0.0.0.0: anybody on the network path can read conversations, and the credentials of readers and agents. ' +
        'Set TALKGAUGE_GATEWAY_TLS_CERT and TALKGAUGE_GATEWAY_TLS_KEY, or listen on 127.0.0.1 behind a proxy with TLS; ' +
        'on a network that nobody else can read, say so with --insecure (TALKGAUGE_GATEWAY_INSECURE=true).',
    ]);
  });

  test('logs no warning with --insecure, with TLS and on loopback', async () => {
    expect((await startTestGateway({ ...allInterfaces, insecure: true })).lines).toEqual([]);
    expect((await startTestGateway({ ...allInterfaces, tls: certificate('gateway') })).lines).toEqual([]);
    expect((await startTestGateway({ readers })).lines).toEqual([]);
  });

  test('is detected by the published address of a container port', async () => {
    expect((await startTestGateway({ ...allInterfaces, published: '127.0.0.1' })).lines).toEqual([]);
    const { lines } = await startTestGateway({ ...allInterfaces, published: '192.0.2.1' });
    expect(lines).toEqual([expect.stringContaining('WARNING: plain HTTP on 192.0.2.1: ')]);
  });
});

describe('an API secret that is easy to guess', () => {
  const short = { pair: { key: 'devkey', secret: 'secret' } };
  const why =
    'the secret of the API key devkey has 6 characters, and may be guessed; take one of at least 32 (`openssl rand -base64 32`), ' +
    'or listen on 127.0.0.1, or say with --insecure that this is a network of yours';

  test('prevents the start of a gateway that is reachable from other machines', async () => {
    await expect(startTestGateway({ ...allInterfaces, keys: short })).rejects.toThrow(
      `LIVEKIT_API_SECRET cannot be used: ${why}.`,
    );
    const file = join(newFolder(), 'keys.yml');
    writeFileSync(file, `long: ${'x'.repeat(32)}\ndevkey: secret\n`);
    await expect(startTestGateway({ ...allInterfaces, keys: { files: [file] } })).rejects.toThrow(
      `The file of API keys ${file} cannot be used: ${why}.`,
    );
  });

  test('is also ignored when it is added to a key file later', async () => {
    const file = join(newFolder(), 'keys.yml');
    writeFileSync(file, `${key.key}: ${key.secret}\n`);
    const gateway = await startTestGateway({
      ...allInterfaces,
      insecure: false,
      keys: { files: [file], reloadMs: 20 },
    });
    writeFileSync(file, `${key.key}: secret\n`);
    await vi.waitFor(() => expect(gateway.lines.at(-1)).toContain('The API keys stay as they were'), {
      timeout: 10_000,
    });
    expect((await upload(gateway.url, one('full-01-logs'))).status).toBe(200);
  });

  test.each([{}, { ...allInterfaces, insecure: true }, { ...allInterfaces, published: '127.0.0.1' }])(
    'is accepted with %j',
    async (options) => {
      const gateway = await startTestGateway({ ...options, keys: short });
      const token = await tokenOf({ secret: 'secret' });
      expect((await upload(gateway.url, one('full-01-logs'), { token })).status).toBe(200);
    },
  );
});

test('the error for a port in use names the variable that sets the port', async () => {
  const { url } = await startTestGateway();
  const port = Number(new URL(url).port);
  await expect(startTestGateway({ port })).rejects.toThrow(
    `Port ${port} is in use; pass { port } or set TALKGAUGE_GATEWAY_PORT`,
  );
});

test('the response to an unknown path lists the available paths', async () => {
  const { url } = await startTestGateway();
  const response = await fetch(`${url}/nowhere`);
  expect([response.status, await response.text()]).toEqual([
    404,
    'Nothing is here; the sessions are at /, for machines at /api/sessions, the metrics are at /metrics, the probes at /healthz and /readyz.\n',
  ]);
});
