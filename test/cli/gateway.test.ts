import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addGateway } from '../../src/cli/gateway.ts';
import { capturedOf, key, one, tokenOf, upload } from '../gateway/uploads.ts';

const main = join(import.meta.dirname, '../../dist/cli.js');
let data: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'talkgauge-gateway-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

interface Started {
  child: ChildProcess;
  url: string;
  errors(): string;
}

const keys = { LIVEKIT_API_KEY: key.key, LIVEKIT_API_SECRET: key.secret };

function run(args: string[], env: Record<string, string> = keys) {
  const clean = Object.entries(process.env).filter(([name]) => !/^(TALKGAUGE|LIVEKIT)_/.test(name));
  const child = spawn(
    process.execPath,
    [main, 'gateway', '--port', '0', '--data', data, '--min-free-mb', '0', ...args],
    {
      env: { ...Object.fromEntries(clean), ...env },
    },
  );
  children.push(child);
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  return { child, output: () => output, errors: () => errors };
}

async function start(args: string[] = [], env?: Record<string, string>): Promise<Started> {
  const { child, output, errors } = run(args, env);
  const url = await vi.waitFor(
    () => {
      const [, found] = output().match(/^LIVEKIT_OBSERVABILITY_URL=(\S+)\n/) ?? [];
      if (!found) throw new Error(`it did not start: ${errors()}`);
      return found;
    },
    { timeout: 30_000, interval: 50 },
  );
  return { child, url, errors };
}

test('it starts on loopback, accepts uploads and exits on SIGTERM', async () => {
  const { child, url } = await start();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await upload(url, one('full-08-logs'))).status).toBe(200);
  await vi.waitFor(
    async () => expect(await (await fetch(`${url}/api/sessions/AJ_full`)).json()).toMatchObject({ turns: 6 }),
    { timeout: 20_000 },
  );
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('after SIGKILL during an upload it has all accepted uploads and no partial one', async () => {
  const first = await start();
  for (const request of capturedOf('full')) expect((await upload(first.url, request)).status).toBe(200);
  const half = one('flush-04-recordings');
  const { hostname, port } = new URL(first.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(
    `POST ${half.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await tokenOf()}\r\n` +
      `Content-Type: ${half.headers['content-type']}\r\nContent-Length: ${half.body.length}\r\n\r\n`,
  );
  socket.write(half.body.subarray(0, 50_000));
  const spool = join(data, 'spool');
  await vi.waitFor(() => expect(readdirSync(spool).some((name) => name.endsWith('.part'))).toBe(true), {
    timeout: 10_000,
  });
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');

  const second = await start();
  await vi.waitFor(() => expect(readdirSync(spool)).toEqual([]), { timeout: 20_000 });
  const { sessions } = (await (await fetch(`${second.url}/api/sessions`)).json()) as { sessions: object[] };
  expect(sessions).toEqual([
    expect.objectContaining({ id: 'AJ_full', turns: 6, interruptions: 1, toolCalls: 3 }),
  ]);
  const { total } = (await (await fetch(`${second.url}/api/sessions/AJ_full/logs`)).json()) as {
    total: number;
  };
  const sent = capturedOf('full')
    .filter(({ kind, name }) => kind === 'logs' && name !== 'full-08-logs')
    .reduce((sum, { body }) => sum + (body.toString().match(/observedTimeUnixNano/g)?.length ?? 0), 0);
  expect(total).toBe(sent);
});

describe('it refuses to start and prints the next step', () => {
  test.each([
    [[], {}, 'No API key is known'],
    [['--host', '0.0.0.0'], keys, 'anybody who reaches the gateway could read what was said'],
    [['--proxy-header', 'x-user'], keys, '--proxy-header and --proxy-from go together'],
    [
      [],
      { ...keys, TALKGAUGE_GATEWAY_USER: 'ann' },
      'TALKGAUGE_GATEWAY_USER and TALKGAUGE_GATEWAY_PASSWORD go together',
    ],
    [['--token-file', '/nowhere/token'], keys, 'The token in /nowhere/token cannot be read'],
    [['--tempo', 'tempo:4317'], keys, 'It takes an http(s) URL'],
    [['--retention-days', 'some'], keys, 'It takes a number'],
    [[], { ...keys, TALKGAUGE_GATEWAY_SYNC: 'often' }, 'Allowed choices are always, recordings, never'],
  ])('%j %j', async (args, env, message) => {
    const { child, errors } = run(args, env as Record<string, string>);
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(errors()).toContain(message);
    expect(errors()).not.toMatch(/^ {4}at /m);
  });
});

describe('the reader token', () => {
  const statusWith = async (url: string, authorization?: string) =>
    (await fetch(`${url}/api/sessions`, { headers: authorization ? { authorization } : {} })).status;

  test('is generated once with private file permissions and works in a browser', async () => {
    const first = await start(['--host', '0.0.0.0', '--generate-token']);
    const file = join(data, 'token');
    const token = readFileSync(file, 'utf8').trim();
    expect(token.length).toBeGreaterThan(30);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(first.errors()).toContain(`stored in ${file}`);
    expect(first.errors()).not.toContain(token);
    expect(await statusWith(first.url)).toBe(401);
    expect(await statusWith(first.url, `Bearer ${token}`)).toBe(200);
    expect(await statusWith(first.url, `Basic ${btoa(`talkgauge:${token}`)}`)).toBe(200);
    first.child.kill('SIGTERM');
    await once(first.child, 'exit');
    const second = await start(['--generate-token']);
    expect(await statusWith(second.url, `Bearer ${token}`)).toBe(200);
  });

  test('is read from a file and then not generated', async () => {
    const file = join(data, 'readers');
    writeFileSync(file, 'a-token-of-mine\n');
    const { url } = await start(['--token-file', file, '--generate-token']);
    expect(await statusWith(url, 'Bearer a-token-of-mine')).toBe(200);
    expect(readdirSync(data)).not.toContain('token');
  });
});

test('empty variables and the value no count as unset', async () => {
  const { url } = await start([], {
    ...keys,
    TALKGAUGE_GATEWAY_TEMPO: '',
    TALKGAUGE_GATEWAY_RETENTION_DAYS: '',
    TALKGAUGE_GATEWAY_GENERATE_TOKEN: 'false',
  });
  expect((await fetch(`${url}/api/sessions`)).status).toBe(200);
  expect(readdirSync(data)).not.toContain('token');
});

test('headers on the command line cause a warning, and headers in the environment do not', async () => {
  const shown = await start(['--forward-headers', 'authorization=sesame']);
  await vi.waitFor(() =>
    expect(shown.errors()).toContain('Any user of this machine can read the headers of --forward-headers'),
  );
  expect(shown.errors()).toContain('in its list of processes: set TALKGAUGE_GATEWAY_TEMPO_HEADERS');
  expect(shown.errors()).not.toContain('sesame');
  shown.child.kill('SIGKILL');
  await once(shown.child, 'exit');
  const hidden = await start([], { ...keys, TALKGAUGE_GATEWAY_FORWARD_HEADERS: 'authorization=sesame' });
  await vi.waitFor(() => expect(hidden.errors()).toContain('Retention: '));
  expect(hidden.errors()).not.toContain('list of processes');
});

test('docs/gateway.md lists all of its options', () => {
  const program = new Command();
  addGateway(program);
  const options = program.commands[0]?.options.map(({ long }) => long ?? '') ?? [];
  const page = readFileSync(join(import.meta.dirname, '../../docs/gateway.md'), 'utf8');
  const [, section = ''] = page.split('## Options');
  expect(options.length).toBeGreaterThan(20);
  expect(options.filter((option) => !section.includes(`\`${option}\``))).toEqual([]);
});

test('it prints the page URL, the data directory and the retention', async () => {
  const { url, errors } = await start();
  const summary = (kept: string, at = url) => `Page:      ${at}\nDirectory: ${data}\nRetention: ${kept}\n`;
  await vi.waitFor(() =>
    expect(errors()).toContain(summary('forever; limit it with --retention-days or --retention-gb')),
  );
  const other = mkdtempSync(join(tmpdir(), 'talkgauge-gateway-'));
  const second = await start(['--data', other, '--retention-days', '30', '--retention-gb', '5']);
  await vi.waitFor(() =>
    expect(second.errors()).toContain(
      `Directory: ${other}\nRetention: 30 days, up to 5 GB; the oldest sessions are deleted first\n`,
    ),
  );
  second.child.kill('SIGKILL');
  rmSync(other, { recursive: true, force: true });
});

test('a port in use is an error that names the command-line flag', async () => {
  const first = await start();
  const other = mkdtempSync(join(tmpdir(), 'talkgauge-gateway-'));
  const { port } = new URL(first.url);
  const { child, errors } = run(['--data', other, '--port', port]);
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(errors()).toBe(`talkgauge: Port ${port} is in use; pass --port or set TALKGAUGE_GATEWAY_PORT\n`);
  rmSync(other, { recursive: true, force: true });
});

test('a directory in use by another gateway is refused', async () => {
  await start();
  const { child, errors } = run([]);
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(errors()).toContain(`uses ${data}; end it, or give this one a directory of its own with --data.`);
}, 60_000);
