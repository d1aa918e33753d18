import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { writeNow } from '../../../src/agent/relay/descriptor.ts';
import { listenOn } from '../../../src/agent/relay/socket-file.ts';
import { descriptorOf } from '../../../src/private-apis/readers.ts';

/** Both ends of a Unix socket. */
async function pair(): Promise<[near: Socket, far: Socket]> {
  const server = createServer({ pauseOnConnect: true });
  const file = await listenOn(server);
  const far = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const near = connect(file.path);
  await new Promise<void>((resolve) => near.once('connect', resolve));
  const ends: [Socket, Socket] = [near, await far];
  onTestFinished(() => {
    for (const end of ends) end.destroy();
    server.close();
    file.remove();
  });
  return ends;
}

test('the descriptor of a Unix socket is available while it is open', async () => {
  const [near] = await pair();
  expect(descriptorOf(near)).toBeGreaterThan(2);
  near.destroy();
  expect(descriptorOf(near)).toBeUndefined();
});

test('the bytes that the kernel does not accept are returned exactly for any text', async () => {
  const [near, far] = await pair();
  const fd = descriptorOf(near) ?? -1;
  const text = 'aé😀'.repeat(100_000);
  const rest = writeNow(fd, text);
  expect(rest?.length).toBeGreaterThan(0);
  expect(rest?.length).toBeLessThan(700_000);
  expect(writeNow(fd, 'more')?.toString()).toBe('more');
  let waiting = rest;
  const read: Buffer[] = [];
  far.on('data', (chunk) => read.push(chunk));
  far.resume();
  while (waiting) {
    await new Promise((resolve) => setImmediate(resolve));
    waiting = writeNow(fd, waiting);
  }
  expect(writeNow(fd, 'é')).toBeUndefined();
  near.end();
  await new Promise((resolve) => far.once('end', resolve));
  expect(Buffer.concat(read).toString()).toBe(`${text}é`);
});

test('a socket with a closed peer fails', async () => {
  const [near, far] = await pair();
  far.destroy();
  expect(() => {
    for (let count = 0; count < 2; count++) writeNow(descriptorOf(near) ?? -1, 'x');
  }).toThrow('EPIPE');
});
