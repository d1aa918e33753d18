import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { ServeError } from '../../src/http/address.ts';
import { listen } from '../../src/http/listen.ts';
import { serveMetrics } from '../../src/http/metrics-server.ts';
import { ask, serve } from './serving.ts';

describe('an unusable address is an error with the next step', () => {
  test('a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const error = await serve({ port }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ServeError);
    expect(error).toMatchObject({
      code: 'EADDRINUSE',
      message: `Port ${port} is in use; pass { port } or set TALKGAUGE_PORT`,
    });
    other.close();
    await once(other, 'close');
  });

  test.each([
    ['192.0.2.1', 'EADDRNOTAVAIL', 'Host 192.0.2.1 is no address of this machine; pass { host }'],
    ['', 'ERR_HOST', 'The host is empty; pass { host } or set TALKGAUGE_HOST'],
  ])('host %j', async (host, code, message) => {
    await expect(serve({ host })).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test.each([Number.NaN, -1, 65_536, 94.64])('port %s', async (port) => {
    await expect(serve({ port })).rejects.toMatchObject({
      code: 'ERR_PORT',
      message: `Port ${port} is not a whole number from 0 to 65535; pass { port } or set TALKGAUGE_PORT`,
    });
  });
});

describe('a host reachable from other machines', () => {
  test('without auth logs one warning', async () => {
    const { logged, url } = await serve({ host: '0.0.0.0' });
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('can be read by anyone who reaches it; pass { auth }');
    expect((await ask(`${url}/healthz`)).status).toBe(200);
  });

  test('with auth logs no warning', async () => {
    expect((await serve({ host: '0.0.0.0', auth: { bearer: 'token' } })).logged).toEqual([]);
  });

  test('is not the default', async () => {
    const { logged, url } = await serve();
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect(logged).toEqual([]);
  });
});

describe('close', () => {
  test('ends idle keep-alive connections and frees the port', async () => {
    const { url, close } = await serve();
    const port = Number(new URL(url).port);
    const socket = connect(port, '127.0.0.1');
    const ended = once(socket, 'close');
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.resume();
    await close();
    await ended;
    const again = await serve({ port });
    expect(again.url).toBe(url);
  });

  test('waits for a running scrape', async () => {
    let started = () => {};
    const building = new Promise<void>((resolve) => {
      started = resolve;
    });
    const { url, close } = await serve({
      expose: async () => {
        started();
        await new Promise((resolve) => setTimeout(resolve, 100));
        return 'up 1\n';
      },
    });
    const scrape = ask(`${url}/metrics`, { headers: { connection: 'keep-alive' } });
    await building;
    await close();
    expect(await scrape).toMatchObject({ status: 200, text: 'up 1\n' });
  });

  test('does not wait for a silent client or a scrape that hangs', async () => {
    const { url, close } = await serve({ expose: () => new Promise(() => {}) });
    const silent = connect(Number(new URL(url).port), '127.0.0.1');
    await once(silent, 'connect');
    const scrape = ask(`${url}/metrics`).catch((error: NodeJS.ErrnoException) => error.code);
    await ask(`${url}/healthz`);
    const ended = once(silent, 'close');
    silent.resume();
    await close();
    await ended;
    expect(await scrape).toBe('ECONNRESET');
  });

  test('is idempotent', async () => {
    const { url, close } = await serve();
    await Promise.all([close(), close()]);
    await close();
    await expect(ask(`${url}/healthz`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

test('connections per address are limited', async () => {
  const timeouts = {
    headersTimeout: 60_000,
    requestTimeout: 60_000,
    connectionsCheckingInterval: 60_000,
    keepAliveTimeout: 60_000,
    idleTimeout: 60_000,
  };
  const { port, close } = await listen((_request, response) => void response.end('ok'), {
    host: '127.0.0.1',
    port: 0,
    timeouts,
    maxConnections: 10,
    maxConnectionsPerAddress: 2,
    keepProcessAlive: true,
    name: 'server',
    variables: 'TALKGAUGE',
    log: () => {},
  });
  const sockets: Socket[] = [];
  /** Sends a request on a new connection, which stays open; resolves to `answered` or `closed`. */
  const requestFrom = async (localAddress: string) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    sockets.push(socket);
    socket.on('error', () => {});
    const answered = once(socket, 'data').then(() => 'answered');
    const closed = once(socket, 'close').then(() => 'closed');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    return Promise.race([answered, closed]);
  };
  expect(await requestFrom('127.0.0.1')).toBe('answered');
  expect(await requestFrom('127.0.0.1')).toBe('answered');
  expect(await requestFrom('127.0.0.1')).toBe('closed');
  // On macOS, loopback has one address.
  if (process.platform === 'linux') expect(await requestFrom('127.0.0.2')).toBe('answered');
  const freed = once(sockets[0] as Socket, 'close');
  sockets[0]?.destroy();
  await freed;
  await vi.waitFor(async () => expect(await requestFrom('127.0.0.1')).toBe('answered'), { timeout: 10_000 });
  for (const socket of sockets) socket.destroy();
  await close();
});

test('the default port is 9464', async () => {
  const server = await serveMetrics({ expose: async () => '' }).catch((error: ServeError) => error);
  if (server instanceof ServeError) {
    expect(server.message).toBe('Port 9464 is in use; pass { port } or set TALKGAUGE_PORT');
    return;
  }
  expect(server.url).toBe('http://127.0.0.1:9464');
  await server.close();
});
