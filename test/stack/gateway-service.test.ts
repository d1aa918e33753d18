import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { one, tokenOf, upload } from '../gateway/uploads.ts';
import { type Container, runService } from './containers.ts';
import { freePort } from './programs.ts';

/** The gateway with the settings of docker-compose.yml, as a process. demo.stack.ts tests it with the demo. */
const folder = mkdtempSync(join(tmpdir(), 'talkgauge-stack-'));
let gateway: Container;
let url: string;

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  gateway = runService('gateway', { folder, addresses: {} }, [], { TALKGAUGE_GATEWAY_PORT: String(port) });
  const ready = async () => expect((await fetch(`${url}/readyz`)).status).toBe(200);
  await vi.waitFor(ready, { timeout: 60_000, interval: 100 });
});
afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

const uploaded = async (issuer: string, secret: string) =>
  (await upload(url, one('full-08-logs'), { token: await tokenOf({ issuer, secret }) })).status;

test('before the first run of the demo, it refuses all uploads', async () => {
  expect(gateway.output()).toContain('Until there is an API key, all uploads are refused');
  expect(readdirSync(join(folder, 'demo-key'))).toEqual([]);
  expect(await uploaded('devkey', 'secret')).toBe(401);
  expect(await uploaded('simulated', 'simulated-secret-of-a-server-that-is-none')).toBe(401);
});

test('reading requires the generated token', async () => {
  expect((await fetch(`${url}/api/sessions`)).status).toBe(401);
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
});
