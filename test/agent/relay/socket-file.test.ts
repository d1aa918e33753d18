import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isSocketPath, listenOn, maxPathBytes } from '../../../src/agent/relay/socket-file.ts';

function server(): Server {
  const made = createServer();
  onTestFinished(() => new Promise((resolve) => made.close(() => resolve())));
  return made;
}

function directory(): string {
  const made = mkdtempSync(join('/tmp', 'relay-test-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A socket file without a listener, as a killed worker leaves it. */
async function stale(path: string): Promise<void> {
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(`${path}.dead`, resolve));
  renameSync(`${path}.dead`, path); // so that close() does not remove it
  await new Promise((resolve) => dead.close(resolve));
}

test('without a path, the socket is in a new directory that only its user can access', async () => {
  const one = await listenOn(server());
  const two = await listenOn(server());
  onTestFinished(() => {
    one.remove();
    two.remove();
  });
  expect(statSync(dirname(one.path)).mode & 0o777).toBe(0o700);
  expect(dirname(dirname(one.path))).toBe(tmpdir());
  expect(dirname(one.path)).not.toBe(dirname(two.path));
  expect(statSync(one.path).isSocket()).toBe(true);
});

test('removal deletes socket and directory and is idempotent', async () => {
  const { path, remove } = await listenOn(server());
  remove();
  remove();
  expect(existsSync(dirname(path))).toBe(false);
});

test('when TMPDIR is too long for a socket, or missing, /tmp is used', async () => {
  for (const unusable of [`/tmp/${'long/'.repeat(20)}`, '/tmp/no-such-directory-of-relay-test']) {
    vi.stubEnv('TMPDIR', unusable);
    const file = await listenOn(server());
    vi.unstubAllEnvs();
    expect(dirname(dirname(file.path))).toBe('/tmp');
    file.remove();
  }
});

test('valid paths have 1 byte up to the limit of the kernel and no NUL', () => {
  expect(maxPathBytes).toBe(process.platform === 'darwin' ? 103 : 107);
  expect(isSocketPath('x'.repeat(maxPathBytes))).toBe(true);
  expect(isSocketPath('x'.repeat(maxPathBytes + 1))).toBe(false);
  expect(isSocketPath('é'.repeat(maxPathBytes / 2 + 1))).toBe(false);
  expect(isSocketPath('')).toBe(false);
  expect(isSocketPath('/tmp/a\0b')).toBe(false);
  expect(isSocketPath(undefined as unknown as string)).toBe(false);
});

test('a path that is too long is refused with its length, the limit and the next step', async () => {
  const path = `/tmp/${'x'.repeat(200)}`;
  await expect(listenOn(server(), path)).rejects.toThrow(
    new RegExp(
      `it has 205 bytes, and 1 to ${maxPathBytes} .* are possible; pass a shorter \\{ path \\}, or none`,
    ),
  );
  expect(readdirSync('/tmp').filter((name) => name.startsWith('xxxx'))).toEqual([]);
});

test('a given path is accessible to its user only and removed at close', async () => {
  const path = join(directory(), 'relay.sock');
  const file = await listenOn(server(), path);
  expect(file.path).toBe(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  file.remove();
  expect(existsSync(path)).toBe(false);
  expect(existsSync(dirname(path))).toBe(true);
});

test('a socket without a listener is replaced', async () => {
  const path = join(directory(), 'relay.sock');
  await stale(path);
  const listening = server();
  await listenOn(listening, path);
  expect(listening.address()).toBe(path);
});

test('a socket with a listener is refused and keeps working', async () => {
  const path = join(directory(), 'relay.sock');
  const first = server();
  await listenOn(first, path);
  const connected = new Promise((resolve) => first.once('connection', (socket) => resolve(socket.destroy())));
  await expect(listenOn(server(), path)).rejects.toThrow(
    `Another process listens on ${path}; end it, or pass another { path }`,
  );
  await connected;
  expect(statSync(path).isSocket()).toBe(true);
});

test('a file that is not a socket is refused and kept', async () => {
  const path = join(directory(), 'notes.txt');
  writeFileSync(path, 'mine');
  await expect(listenOn(server(), path)).rejects.toThrow(
    `${path} exists and is no socket; remove it, or pass another { path }`,
  );
  expect(existsSync(path)).toBe(true);
});

test('a missing directory is an error with the next step', async () => {
  const path = join(directory(), 'missing', 'relay.sock');
  await expect(listenOn(server(), path)).rejects.toThrow(
    /Cannot listen on .*missing\/relay\.sock \(E[A-Z]+\); make its directory exist and writable, or pass another/,
  );
  mkdirSync(dirname(path));
  expect((await listenOn(server(), path)).path).toBe(path);
});

test('removal does not delete the socket of a successor', async () => {
  const path = join(directory(), 'relay.sock');
  const file = await listenOn(server(), path);
  rmSync(path);
  await listenOn(server(), path);
  file.remove();
  expect(existsSync(path)).toBe(true);
});
