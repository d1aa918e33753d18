import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import { afterEach, expect, test, vi } from 'vitest';
import { concurrencyLimit, createEventStream } from '../../../src/gateway/api/sessions.ts';
import { startTestGateway } from '../running.ts';

const closes: (() => void)[] = [];
afterEach(() => {
  for (const close of closes.splice(0)) close();
});

async function serving(...handlers: RequestHandler[]): Promise<string> {
  const server = express()
    .use(...handlers)
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  closes.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the number of concurrent large responses is limited, and further requests are asked to retry', async () => {
  const url = await serving(concurrencyLimit(2), (_request, response) => void response.write('begun'));
  const closing = new AbortController();
  const first = await fetch(url, { signal: closing.signal });
  const second = await fetch(url);
  const third = await fetch(url);
  expect([first.status, second.status, third.status]).toEqual([200, 200, 503]);
  expect(third.headers.get('retry-after')).toBe('1');
  closing.abort();
  await vi.waitFor(async () => expect((await fetch(url)).status).toBe(200), { timeout: 10_000 });
});

test('a stream of changes ends after a while, so that the client has to log in again', async () => {
  const events = new EventEmitter() as Parameters<typeof createEventStream>[0]['events'];
  const url = await serving(createEventStream({ events }, 50));
  const response = await fetch(url);
  expect(await response.text()).toBe(': changes follow\n\n');
  expect(events.listenerCount('sessionChanged')).toBe(0);
});

test('the maximum number of change streams causes no MaxListenersExceededWarning', async () => {
  const warnings: string[] = [];
  const listener = ({ name }: Error) => warnings.push(name);
  process.on('warning', listener);
  closes.push(() => process.off('warning', listener));
  const gateway = await startTestGateway();
  const closing = new AbortController();
  for (let n = 0; n < 20; n++) await fetch(`${gateway.url}/api/events`, { signal: closing.signal });
  expect(gateway.store.events.listenerCount('sessionChanged')).toBeGreaterThan(20);
  await new Promise(setImmediate);
  expect(warnings).toEqual([]);
  closing.abort();
});
