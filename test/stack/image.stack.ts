import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sampleOf } from '../agent/worker/exposition.ts';
import { certificate } from '../http/certificate.ts';
import {
  buildImage,
  docker,
  inspect,
  missing,
  nodeImage,
  removeContainer,
  removeImage,
  signal,
  skipSuffix,
  start,
  uniqueName,
} from './engine.ts';
import { eventually } from './programs.ts';
import { root } from './repository.ts';

const missingRequirements = missing({ images: [nodeImage] });

/** The default options. */
const defaultOptions: readonly string[] = [];
/** OpenShift: an arbitrary user in group 0. */
const arbitrary = ['--user=1234560000:0'];
const locked = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges'];

describe.skipIf(missingRequirements.length > 0)(`the image${skipSuffix(missingRequirements)}`, () => {
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

  /** With a short health-check interval, so that tests are fast. */
  const often = ['--health-interval=2s', '--publish=127.0.0.1::9464', '--publish=127.0.0.1::9465'];
  async function running(options: readonly string[], ...command: readonly string[]) {
    const id = await start(...often, ...options, image, ...command);
    containers.push(id);
    const healthy = async () => {
      const { State } = await inspect(id);
      if (State.Status !== 'running') {
        throw new Error(`the container exited with ${State.ExitCode}: ${await docker(['logs', id])}`);
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

  test('has Node.js 24 and runs as an unprivileged user', async () => {
    const script = 'console.log(process.version, process.getuid())';
    expect(await docker(['run', '--rm', '--entrypoint=node', image, '-e', script])).toMatch(
      /^v24\.\S+ 1000$/m,
    );
  });

  describe('gateway', () => {
    test.each([
      ['as it comes', defaultOptions],
      ['as an arbitrary user', arbitrary],
    ])('works %s, with its sessions in /data, and wants a login', async (_name, options) => {
      const { id, url } = await running(options, 'gateway');
      const token = (await docker(['exec', id, 'cat', '/data/token'])).trim();
      const status = async (authorization: string) =>
        (await fetch(`${url(9465)}/api/sessions`, { headers: { authorization } })).status;
      expect([await status(''), await status(`Bearer ${token}`)]).toEqual([401, 200]);
    });

    test.each([
      ['as user 1000', defaultOptions],
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

    test('has a health check at its address, even over TLS', async () => {
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
      // A stopped process keeps its port open and does not answer.
      await signal(image, id, 'SIGSTOP');
      const unhealthy = async () => (await inspect(id)).State.Health?.Status === 'unhealthy' || undefined;
      await eventually(unhealthy, 'an unhealthy gateway', 60_000);
    });
  });

  describe('simulate', () => {
    test.each([
      ['as it comes', defaultOptions],
      ['as an arbitrary user', arbitrary],
      ['with a root that is read-only', [...locked, '--tmpfs=/tmp']],
    ])('works %s: a call is measured', async (_name, options) => {
      const speedy = ['--rate=60', '--speed=5', '--concurrency=2'];
      const { url } = await running(options, 'simulate', ...speedy);
      const done = async () => {
        const text = await (await fetch(`${url(9464)}/metrics`)).text();
        return (sampleOf(text, 'lk_agents_sessions_total') ?? 0) > 0 || undefined;
      };
      await eventually(done, 'a finished call', 180_000);
    });

    test('keeps its reports in a volume', async () => {
      const volume = newVolume();
      const options = ['--rm', '--read-only', '--tmpfs=/tmp', '--env=TALKGAUGE_SIMULATE_DATA=/data', volume];
      await docker(['run', ...options, image, 'simulate', '--calls=1', '--speed=5', '--quiet']);
      const listed = await docker(['run', '--rm', volume, '--entrypoint=ls', image, '/data/reports']);
      expect(listed.trim().split('\n')).toHaveLength(1);
    });
  });

  test("generate writes into the user's folder", async () => {
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

  test('replay reads a mounted file', async () => {
    const fixtures = `--volume=${join(root, 'test/fixtures')}:/in:ro`;
    const options = ['--rm', '--read-only', ...arbitrary, fixtures, image];
    const printed = await docker(['run', ...options, 'replay', '/in/conversation.jsonl']);
    expect(printed).toContain('# TYPE lk_agents_turn_e2e_latency_seconds histogram');
  });

  test('replay is healthy while it waits for input', async () => {
    await running(['--interactive'], 'replay', '-');
  });

  test('an unknown command is an error', async () => {
    await expect(docker(['run', '--rm', image, 'serve'])).rejects.toThrow("unknown command 'serve'");
  });
});
