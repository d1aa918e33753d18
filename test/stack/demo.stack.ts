import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Backend, openBackend } from '../agent/telemetry/backend.ts';
import { sampleOf } from '../agent/worker/exposition.ts';
import { type Container, type Machine, runService } from './containers.ts';
import { freePort } from './programs.ts';

/** The gateway and the demo of the stack as processes, with a mock of Tempo and Loki. */
describe('the demo in the stack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-stack-'));
  let backend: Backend;
  let machine: Machine;
  let gateway: Container;
  let url: string;

  beforeAll(async () => {
    backend = await openBackend();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const addresses = {
      'http://tempo:4318': backend.url,
      'http://loki:3100': backend.url,
      'http://gateway:9465': url,
    };
    machine = { folder, addresses };
    gateway = runService('gateway', machine, [], { TALKGAUGE_GATEWAY_PORT: String(port) });
    await until(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200));
  });
  afterAll(async () => {
    await gateway.stop();
    await backend.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 100_000, interval: 200 });
  const metric = async (name: string, labels?: Record<string, string>) =>
    sampleOf(await (await fetch(`${url}/metrics`)).text(), name, labels) ?? 0;
  const demo = (...args: string[]) => {
    const ports = { TALKGAUGE_PORT: '0', TALKGAUGE_SIMULATE_CONTROL_PORT: '0', TALKGAUGE_HOST: '127.0.0.1' };
    return runService('demo', machine, ['--speed', '3', '--rate', '60', ...args], ports);
  };
  const read = (path: string) => {
    const token = readFileSync(join(folder, 'gateway-data/token'), 'utf8').trim();
    return fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  };
  interface Session {
    id: string;
    hasAudio: boolean;
    status: string;
  }
  const sessions = async () =>
    ((await (await read('/api/sessions')).json()) as { sessions: Session[] }).sessions;
  const keyFile = join(folder, 'demo-key/demo.yml');

  test('shows its calls on the page with audio, and sends each once to Tempo and Loki', async () => {
    const run = demo('--calls', '3');
    expect({ code: await run.exit(), output: run.output() }).toMatchObject({ code: 0 });
    await until(async () => expect(await metric('talkgauge_gateway_spool_entries')).toBe(0));
    const shown = await sessions();
    expect(shown.map(({ status, hasAudio }) => ({ status, hasAudio }))).toEqual(
      Array(3).fill({ status: 'complete', hasAudio: true }),
    );
    const sound = await read(`/api/sessions/${shown[0]?.id}/audio`);
    expect([sound.status, Buffer.from(await sound.arrayBuffer()).toString('latin1', 0, 4)]).toEqual([
      200,
      'OggS',
    ]);
    // By now, the gateway would have forwarded the conversations.
    await until(async () =>
      expect(await metric('talkgauge_gateway_measured_sessions_total', { result: 'observed' })).toBe(3),
    );
    const spans = backend.spans.map(({ spanId }) => spanId);
    expect(spans.length).toBeGreaterThan(50);
    expect(new Set(spans).size).toBe(spans.length);
    for (const event of ['lk.session_start', 'lk.session_end']) {
      const jobs = backend.logs.flatMap(({ attributes }) =>
        attributes['event.name'] === event ? [attributes.job_id] : [],
      );
      expect(jobs.toSorted()).toEqual(shown.map(({ id }) => id).toSorted());
    }
    for (const destination of ['tempo', 'loki']) {
      expect(await metric('talkgauge_gateway_forwarded_total', { destination })).toBe(0);
      expect(await metric('talkgauge_gateway_forward_left_out_total', { destination })).toBeGreaterThan(50);
    }
  });

  test('adds new calls with the same key after a restart, and keeps no recording in its memory', async () => {
    const key = readFileSync(keyFile, 'utf8');
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const run = demo('--concurrency', '1');
    await until(async () =>
      expect((await sessions()).filter(({ status }) => status === 'complete')).toHaveLength(6),
    );
    const temporary = readdirSync(join(folder, 'demo-tmp'), { recursive: true, encoding: 'utf8' });
    // The recording of the running call, and possibly of a call that has just ended.
    expect(temporary.filter((path) => path.endsWith('.ogg')).length).toBeLessThanOrEqual(2);
    await run.stop();
    expect(readFileSync(keyFile, 'utf8')).toBe(key);
    expect(readdirSync(join(folder, 'demo-tmp'))).toEqual([]);
  });
});
