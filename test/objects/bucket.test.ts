import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Bucket } from '../../src/objects/bucket.ts';

let folder: string;
let file: string;
let server: Server;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  file = join(folder, 'recording.ogg');
  // Larger than the buffers of sockets and pipes.
  writeFileSync(file, Buffer.alloc(30_000_000));
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true });
});

async function bucketOf(answer: RequestListener): Promise<Bucket> {
  server?.closeAllConnections();
  server?.close();
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const keys = { accessKeyId: 'id', secretAccessKey: 'secret' };
  return new Bucket({ endpoint: `http://127.0.0.1:${port}`, bucket: 'calls', ...keys });
}

/** The number of open descriptors of the file in this process. */
function openDescriptors(): number {
  const path = '/proc/self/fd';
  const target = (fd: string) => {
    try {
      return readlinkSync(join(path, fd));
    } catch {
      return '';
    }
  };
  return readdirSync(path).filter((fd) => target(fd) === file).length;
}

describe.runIf(process.platform === 'linux')('a failed upload leaves no open file', () => {
  const refusing: RequestListener = (_, response) =>
    void response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
  test.each<[string, RequestListener, RegExp]>([
    ['is refused before the body is read', refusing, /^the bucket answered 403 AccessDenied$/],
    [
      'loses its connection',
      (request) => void request.once('data', () => request.socket.destroy()),
      /hang up|ECONN|EPIPE/,
    ],
  ])('if it %s', async (_, answer, message) => {
    const bucket = await bucketOf(answer);
    for (let times = 0; times < 3; times += 1) {
      await expect(bucket.put('recording.ogg', file)).rejects.toThrow(message);
    }
    await vi.waitFor(() => expect(openDescriptors()).toBe(0), { timeout: 10_000, interval: 20 });
  });

  test('if the connection is refused', async () => {
    const bucket = await bucketOf(refusing);
    server.close();
    await once(server, 'close');
    await expect(bucket.put('recording.ogg', file)).rejects.toThrow(/ECONNREFUSED/);
    await vi.waitFor(() => expect(openDescriptors()).toBe(0), { timeout: 10_000, interval: 20 });
  });
});

test('an unreadable file is the reported error even if the request hangs', async () => {
  const bucket = await bucketOf((request) => void request.resume());
  await expect(bucket.put('a', folder)).rejects.toThrow(/EISDIR/);
  await expect(bucket.put('a', join(folder, 'none'))).rejects.toThrow(/ENOENT/);
});

describe('a temporary failure', () => {
  const attemptsOf = async (
    listener: (attempt: number) => RequestListener,
    work: (bucket: Bucket) => Promise<unknown>,
  ) => {
    let attempts = 0;
    const bucket = await bucketOf((request, response) => listener(++attempts)(request, response));
    const result = await work(bucket).then(
      () => 'ok',
      (error: Error) => error.message,
    );
    return [attempts, result];
  };
  const answering =
    (status: number): RequestListener =>
    (request, response) =>
      void request.resume().on('end', () => response.writeHead(status).end());
  const cut: RequestListener = (request) => void request.socket.destroy();

  test.each<[string, RequestListener]>([
    ['500', answering(500)],
    ['503', answering(503)],
    ['429', answering(429)],
    ['a broken connection', cut],
  ])('is retried: %s', async (_, failing) => {
    writeFileSync(file, 'audio');
    const twice = (attempt: number) => (attempt < 3 ? failing : answering(200));
    expect(await attemptsOf(twice, (bucket) => bucket.put('a', file))).toEqual([3, 'ok']);
    expect(await attemptsOf(twice, async (bucket) => (await bucket.get('a')).resume())).toEqual([3, 'ok']);
    expect(await attemptsOf(twice, (bucket) => bucket.remove('a'))).toEqual([3, 'ok']);
  });

  test('is reported after three attempts, and a refusal after one', async () => {
    writeFileSync(file, 'audio');
    const always = (status: number) => () => answering(status);
    const put = (bucket: Bucket) => bucket.put('a', file);
    expect(await attemptsOf(always(503), put)).toEqual([3, 'the bucket answered 503']);
    expect(await attemptsOf(always(403), put)).toEqual([1, 'the bucket answered 403']);
  });
});
