import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sampleOf } from '../agent/worker/exposition.ts';
import { certificate } from '../http/certificate.ts';
import {
  because,
  buildImage,
  docker,
  inspect,
  missing,
  nodeImage,
  removeContainer,
  removeImage,
  signal,
  start,
  uniqueName,
} from './engine.ts';
import { eventually } from './programs.ts';
import { root } from './repository.ts';

const lacking = missing({ images: [nodeImage] });

/** As somebody runs it who wants to change nothing of it. */
const usual: readonly string[] = [];
/** OpenShift: an arbitrary user of the group 0. */
const arbitrary = ['--user=1234560000:0'];
const locked = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges'];

describe.skipIf(lacking.length > 0)(`the image${because(lacking)}`, () => {
  let image: string;
  const containers: string[] = [];
  const volumes: string[] = [];

  beforeAll(async () => {
    image = await buildImage();
  });
  afterAll(() => removeImage(image));
  afterEach(async () => {
    for (const id of containers.splice(0)) await removeContainer(id);
    for (const volume of volumes.splice(0)) await docker(['volume', 'rm', volume]);
  });

  /** Looks at health often, so that a test does not wait for the next look. */
  const often = ['--health-interval=2s', '--publish=127.0.0.1::9464', '--publish=127.0.0.1::9465'];
  async function running(options: readonly string[], ...command: readonly string[]) {
    const id = await start(...often, ...options, image, ...command);
    containers.push(id);
    const healthy = async () => {
      const { State } = await inspect(id);
      if (State.Status !== 'running') {
        throw new Error(`it ended with ${State.ExitCode}: ${await docker(['logs', id])}`);
      }
      return State.Health?.Status === 'healthy' || undefined;
    };
    await eventually(healthy, `the health of ${command.join(' ')}`, 180_000);
    const { Ports } = (await inspect(id)).NetworkSettings;
    return { id, url: (port: number) => `http://127.0.0.1:${Ports[`${port}/tcp`]?.[0]?.HostPort}` };
  }
  function newVolume(at = '/data'): string {
    const name = uniqueName();
    volumes.push(name);
    return `--volume=${name}:${at}`;
  }

  test('is Node.js 24, and runs as nobody special', async () => {
    const script = 'console.log(process.version, process.getuid())';
    expect(await docker(['run', '--rm', '--entrypoint=node', image, '-e', script])).toMatch(
      /^v24\.\S+ 1000$/m,
    );
  });

  describe('gateway', () => {
    test.each([
      ['as it comes', usual],
      ['as an arbitrary user', arbitrary],
    ])('works %s, with its sessions in /data, and wants a login', async (_name, options) => {
      const { id, url } = await running(options, 'gateway');
      const token = (await docker(['exec', id, 'cat', '/data/token'])).trim();
      const status = async (authorization: string) =>
        (await fetch(`${url(9465)}/api/sessions`, { headers: { authorization } })).status;
      expect([await status(''), await status(`Bearer ${token}`)]).toEqual([401, 200]);
    });

    test.each([
      ['as user 1000', usual],
      ['as an arbitrary user', arbitrary],
    ])('works with a root that is read-only and a volume of its own, %s', async (_name, options) => {
      const volume = newVolume();
      const first = await running([...locked, volume, ...options], 'gateway');
      const token = await docker(['exec', first.id, 'cat', '/data/token']);
      await removeContainer(first.id);
      containers.splice(0);
      const second = await running([...locked, volume, ...options], 'gateway');
      expect(await docker(['exec', second.id, 'cat', '/data/token'])).toBe(token);
    });

    test('is asked for its health where it listens, over TLS too', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'talkgauge-image-'));
      chmodSync(folder, 0o755);
      const { cert, key } = certificate('gateway.example.com');
      writeFileSync(join(folder, 'tls.crt'), cert);
      writeFileSync(join(folder, 'tls.key'), key);
      const tls = ['TALKGAUGE_GATEWAY_TLS_CERT=/tls/tls.crt', 'TALKGAUGE_GATEWAY_TLS_KEY=/tls/tls.key'];
      const options = [`--volume=${folder}:/tls:ro`, ...tls.map((setting) => `--env=${setting}`)];
      await running(options, 'gateway', '--port', '8443');
      rmSync(folder, { recursive: true });
    });

    test('is unhealthy when it does not answer', async () => {
      const { id } = await running(['--health-retries=1'], 'gateway');
      // Stopped, it keeps its port open, and answers nobody.
      await signal(image, id, 'SIGSTOP');
      const unhealthy = async () => (await inspect(id)).State.Health?.Status === 'unhealthy' || undefined;
      await eventually(unhealthy, 'an unhealthy gateway', 60_000);
    });
  });

  describe('simulate', () => {
    test.each([
      ['as it comes', usual],
      ['as an arbitrary user', arbitrary],
      ['with a root that is read-only', [...locked, '--tmpfs=/tmp']],
    ])('works %s: a call is measured', async (_name, options) => {
      const speedy = ['--rate=60', '--speed=5', '--concurrency=2'];
      const { url } = await running(options, 'simulate', ...speedy);
      const done = async () => {
        const text = await (await fetch(`${url(9464)}/metrics`)).text();
        return (sampleOf(text, 'lk_agents_sessions_total') ?? 0) > 0 || undefined;
      };
      await eventually(done, 'a call that is over', 180_000);
    });

    test('keeps its reports in a volume', async () => {
      const volume = newVolume();
      const options = ['--rm', '--read-only', '--tmpfs=/tmp', '--env=TALKGAUGE_SIMULATE_DATA=/data', volume];
      await docker(['run', ...options, image, 'simulate', '--calls=1', '--speed=5', '--quiet']);
      const listed = await docker(['run', '--rm', volume, '--entrypoint=ls', image, '/data/reports']);
      expect(listed.trim().split('\n')).toHaveLength(1);
    });
  });

  test('generate writes into a folder of the user', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'talkgauge-image-'));
    const user = `--user=${process.getuid?.()}:${process.getgid?.()}`;
    await docker([
      'run',
      '--rm',
      '--read-only',
      user,
      `--volume=${folder}:/out`,
      image,
      'generate',
      '--out',
      '/out',
    ]);
    expect(readdirSync(folder).toSorted()).toEqual(['alerts', 'dashboards', 'prometheus']);
    rmSync(folder, { recursive: true });
  });

  test('replay reads a file that is mounted', async () => {
    const fixtures = `--volume=${join(root, 'test/fixtures')}:/in:ro`;
    const options = ['--rm', '--read-only', ...arbitrary, fixtures, image];
    const printed = await docker(['run', ...options, 'replay', '/in/conversation.jsonl']);
    expect(printed).toContain('# TYPE lk_agents_turn_e2e_latency_seconds histogram');
  });

  test('replay that waits for its input is healthy', async () => {
    await running(['--interactive'], 'replay', '-');
  });

  test('another command is an error that lists them', async () => {
    await expect(docker(['run', '--rm', image, 'serve'])).rejects.toThrow("unknown command 'serve'");
  });
});
