import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { addHealthcheck, commandOf, readinessUrl } from '../../src/cli/healthcheck.ts';
import { certificate } from '../http/certificate.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0)) close();
});

/** Port of a server on 127.0.0.1. */
async function serve(listener: RequestListener, tls?: { cert: string; key: string }): Promise<string> {
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return String((server.address() as AddressInfo).port);
}

/** Rejects where the process would end with 1. */
async function healthcheck(...args: string[]): Promise<void> {
  const program = new Command();
  addHealthcheck(program);
  await program.parseAsync(['healthcheck', ...args], { from: 'user' });
}

const cmdlineOf = (...all: string[]) => all.map((word) => `${word}\0`).join('');

describe('the command is read from the command line of process 1', () => {
  test.each([
    [cmdlineOf('node', '/usr/local/bin/talkgauge', 'gateway'), ['gateway']],
    [
      cmdlineOf('/sbin/docker-init', '--', 'talkgauge', 'gateway', '--port', '9000'),
      ['gateway', '--port', '9000'],
    ],
    [cmdlineOf('node', '/app/dist/cli.js', 'simulate'), ['simulate']],
    [cmdlineOf('node', '/usr/local/bin/talkgauge'), []],
  ])('%j', (cmdline, command) => {
    expect(commandOf(cmdline)).toEqual(command);
  });

  test('another program is an error that explains how to pass the command', () => {
    expect(() => commandOf(cmdlineOf('/pause'))).toThrow('talkgauge healthcheck gateway');
  });
});

describe('it requests the server of the command', () => {
  test.each([
    [['simulate'], {}, 'http://127.0.0.1:9464/readyz'],
    [['gateway'], {}, 'http://127.0.0.1:9465/readyz'],
    [['gateway'], { TALKGAUGE_PORT: '1', TALKGAUGE_GATEWAY_PORT: '' }, 'http://127.0.0.1:9465/readyz'],
    [['gateway'], { TALKGAUGE_GATEWAY_PORT: '8080' }, 'http://127.0.0.1:8080/readyz'],
    [['gateway', '--port', '9000'], { TALKGAUGE_GATEWAY_PORT: '8080' }, 'http://127.0.0.1:9000/readyz'],
    [['gateway', '--open-metrics', '--port=9000'], {}, 'http://127.0.0.1:9000/readyz'],
    [['simulate', '--rate', '60'], { TALKGAUGE_PORT: '7' }, 'http://127.0.0.1:7/readyz'],
    [['simulate'], { TALKGAUGE_HOST: '0.0.0.0' }, 'http://127.0.0.1:9464/readyz'],
    [['gateway'], { TALKGAUGE_GATEWAY_HOST: '::' }, 'http://[::1]:9465/readyz'],
    [['gateway', '--host', '10.0.0.7'], {}, 'http://10.0.0.7:9465/readyz'],
    [['gateway'], { TALKGAUGE_GATEWAY_TLS_CERT: '/run/secrets/tls.crt' }, 'https://127.0.0.1:9465/readyz'],
    [['simulate'], { TALKGAUGE_GATEWAY_TLS_CERT: '/run/secrets/tls.crt' }, 'http://127.0.0.1:9464/readyz'],
  ])('%j with %j', (command, env, url) => {
    expect(readinessUrl(command, env)).toBe(url);
  });

  test.each([
    ['replay', '-'],
    ['generate', '--out', '/out'],
    ['simulate', 'history', '--out', 'x'],
    ['--help'],
  ])('%s has no server', (...command) => {
    expect(readinessUrl(command, {})).toBeUndefined();
  });

  test('port 0 is an error', () => {
    expect(() => readinessUrl(['gateway', '--port', '0'], {})).toThrow('set TALKGAUGE_GATEWAY_PORT');
  });
});

describe('it succeeds', () => {
  test('when the server is ready', async () => {
    const asked: (string | undefined)[] = [];
    const port = await serve((request, response) => {
      asked.push(request.url);
      response.end('ready');
    });
    await healthcheck('gateway', '--port', port);
    expect(asked).toEqual(['/readyz']);
  });

  test('over TLS with any certificate name', async () => {
    const { cert, key } = certificate('gateway.example.com');
    vi.stubEnv(
      'TALKGAUGE_GATEWAY_PORT',
      await serve((_request, response) => void response.end(), { cert, key }),
    );
    vi.stubEnv('TALKGAUGE_GATEWAY_TLS_CERT', '/run/secrets/tls.crt');
    await healthcheck('gateway');
  });

  test('for a command without a server', async () => {
    await healthcheck('replay', '-');
  });
});

describe('it fails and prints the reason', () => {
  test('when the server is not ready', async () => {
    const port = await serve((_request, response) => void response.writeHead(503).end('the store is full\n'));
    await expect(healthcheck('gateway', '--port', port)).rejects.toThrow(
      `http://127.0.0.1:${port}/readyz answered 503: the store is full`,
    );
  });

  test('when the connection is refused', async () => {
    const port = await serve(() => {});
    for (const close of closing.splice(0)) close();
    await expect(healthcheck('simulate', '--port', port)).rejects.toThrow('ECONNREFUSED');
  });

  test('when the server accepts connections and does not respond', async () => {
    const port = await serve(() => {});
    await expect(healthcheck('gateway', '--port', port)).rejects.toThrow('no answer within 3 s');
  });
});
