import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { dropped, exposed, frames, identity, startRelay } from './relay.ts';

const hello = `${JSON.stringify({ v: 1, identity, pid: 1 })}\n`;
const handoffs = '{"id":0,"metric":"lk_agents_handoffs_total","labels":{}}\n';
const active = '{"id":1,"metric":"lk_agents_sessions_active","labels":{}}\n';

interface Client {
  socket: Socket;
  received(): string;
  closed: Promise<void>;
}

async function connectClient(path: string): Promise<Client> {
  const socket = connect(path);
  let received = '';
  socket.setEncoding('utf8').on('data', (text) => {
    received += text;
  });
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  return { socket, received: () => received, closed };
}

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

test('connections are counted from their hello to their end', async () => {
  const { recorder, server } = await startRelay();
  const silent = await connectClient(server.path);
  const one = await connectClient(server.path);
  const two = await connectClient(server.path);
  one.socket.write(hello);
  two.socket.write(hello);
  await eventually(async () => expect(await exposed(recorder, 'talkgauge_relay_connections')).toEqual(['2']));
  expect(server.connections).toBe(2);
  one.socket.destroy();
  silent.socket.destroy();
  await eventually(async () => expect(await exposed(recorder, 'talkgauge_relay_connections')).toEqual(['1']));
  expect(server.connections).toBe(1);
});

test("frames are counted under the worker's current identity", async () => {
  let agent_name = 'unknown';
  const { recorder, server } = await startRelay({
    recorderOptions: { identity: () => ({ agent_name, agent_version: '2' }) },
  });
  const one = await connectClient(server.path);
  one.socket.write(hello);
  await eventually(async () => expect(await frames(recorder)).toEqual(['{result="ok"} 1']));
  agent_name = 'front-desk';
  one.socket.write('garbage\n');
  one.socket.destroy();
  await eventually(async () => {
    const text = await recorder.expose('text');
    expect(text).toContain(
      'relay_frames_total{agent_name="front-desk",agent_version="2",result="malformed"} 1',
    );
    expect(text).toContain('relay_connections{agent_name="unknown",agent_version="2"} 0');
  });
});

test('a client with another version receives the reason and is disconnected', async () => {
  const { recorder, server } = await startRelay();
  const { socket, received, closed } = await connectClient(server.path);
  socket.write('{"v":2,"identity":{"agent_name":"a","agent_version":"b"}}\n');
  await closed;
  expect(received()).toBe('{"v":1,"error":"this worker speaks version 1"}\n');
  expect(await frames(recorder)).toEqual(['{result="incompatible"} 1']);
  expect(server.connections).toBe(0);
});

test('a client that sends a hundred megabytes without a newline is disconnected at the line limit', async () => {
  const { recorder, server } = await startRelay();
  const { socket, received, closed } = await connectClient(server.path);
  socket.write(hello + active);
  socket.write('[1,2]\n');
  socket.write(Buffer.alloc(100 * 1024 * 1024, '1'));
  await closed;
  expect(received()).toBe('{"v":1,"error":"a line may have 65536 bytes"}\n');
  await eventually(async () => {
    expect(await frames(recorder)).toEqual(['{result="ok"} 3', '{result="oversized"} 1']);
    expect(await exposed(recorder, 'lk_agents_sessions_active')).toEqual([]);
  });
  // The job is alive and will resend its share, so no crash is counted.
  expect(await exposed(recorder, 'lk_agents_sessions_total')).toEqual([]);
});

test('connections without a hello are closed, whether they send data or not', async () => {
  const { recorder, server } = await startRelay({ helloTimeoutMs: 50 });
  const silent = await connectClient(server.path);
  const slow = await connectClient(server.path);
  const withoutHello = await connectClient(server.path);
  const withHello = await connectClient(server.path);
  withHello.socket.write(hello + handoffs);
  withoutHello.socket.write('[0,1]\n{}\n');
  const writing = setInterval(() => slow.socket.write('{'), 5);
  onTestFinished(() => clearInterval(writing));
  await Promise.all([silent.closed, slow.closed, withoutHello.closed]);
  expect(silent.received()).toBe('{"v":1,"error":"no hello came"}\n');
  withHello.socket.write('[0,1]\n');
  await eventually(async () => expect(await exposed(recorder, 'lk_agents_handoffs_total')).toEqual(['1']));
});

test('a hello that arrived while the worker was busy is accepted at any delay', async () => {
  const { recorder, server } = await startRelay({ helloTimeoutMs: 20 });
  const { socket } = await connectClient(server.path);
  await new Promise((resolve) => setImmediate(resolve)); // the worker has accepted the connection
  socket.write(`${hello}${handoffs}[0,1]\n`);
  const until = performance.now() + 60;
  while (performance.now() < until);
  await eventually(async () => expect(await exposed(recorder, 'lk_agents_handoffs_total')).toEqual(['1']));
  expect(server.connections).toBe(1);
});

test('connections beyond the limit are refused until one ends', async () => {
  const { server } = await startRelay({ maxConnections: 2 });
  const [one] = [await connectClient(server.path), await connectClient(server.path)];
  const refused = await connectClient(server.path);
  await refused.closed;
  one?.socket.destroy();
  await one?.closed;
  const later = await connectClient(server.path);
  later.socket.write(hello);
  await eventually(async () => expect(server.connections).toBe(1));
});

test('two hundred concurrent connections are all accepted', async () => {
  const { recorder, server } = await startRelay();
  const clients = await Promise.all(Array.from({ length: 200 }, () => connectClient(server.path)));
  for (const { socket } of clients) socket.end(`${hello}${handoffs}${active}[1,1,0,1]\n[0,1]\n`);
  await Promise.all(clients.map(({ closed }) => closed));
  await eventually(async () => {
    expect(await exposed(recorder, 'lk_agents_handoffs_total')).toEqual(['400']);
    expect(await exposed(recorder, 'lk_agents_sessions_active')).toEqual([]);
    expect(await exposed(recorder, 'lk_agents_sessions_total')).toEqual(['{close_reason="crashed"} 200']);
  });
  expect(await dropped(recorder)).toEqual([]);
});

test('the counters of an agent start at 0 at its hello', async () => {
  const { recorder, server } = await startRelay();
  const { socket } = await connectClient(server.path);
  socket.write(hello);
  await eventually(async () =>
    expect(await recorder.expose('text')).toContain(
      'lk_agents_handoffs_total{agent_name="front-desk",agent_version="1.4.0"} 0\n',
    ),
  );
});

test('close() reads sent data, removes gauge shares, counts no crash and leaves no file', async () => {
  const { recorder, server } = await startRelay();
  const { socket, closed } = await connectClient(server.path);
  socket.write(`${hello}${handoffs}${active}[0,1,1,1]\n`);
  await server.close();
  await server.close();
  await closed;
  expect(await exposed(recorder, 'lk_agents_handoffs_total')).toEqual(['1']);
  expect(await exposed(recorder, 'lk_agents_sessions_active')).toEqual([]);
  expect(await exposed(recorder, 'lk_agents_sessions_total')).toEqual([]);
  expect(await exposed(recorder, 'talkgauge_relay_connections')).toEqual([]);
  expect(server.connections).toBe(0);
  expect(existsSync(dirname(server.path))).toBe(false);
});

test('a closed worker leaves no listeners on the process', async () => {
  const before = process.listenerCount('exit');
  for (let count = 0; count < 20; count++) {
    const { server } = await startRelay();
    await server.close();
  }
  expect(process.listenerCount('exit')).toBe(before);
});

test('a second worker on the same path is refused', async () => {
  const directory = mkdtempSync(join('/tmp', 'relay-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'relay.sock');
  const first = await startRelay({ path });
  await expect(startRelay({ path })).rejects.toThrow(`Another process listens on ${path}`);
  await first.server.close();
  expect(existsSync(path)).toBe(false);
  const second = await startRelay({ path });
  expect(second.server.path).toBe(path);
});

test('on Windows the relay is refused with the next step', async () => {
  const { platform } = process;
  Object.defineProperty(process, 'platform', { value: 'win32' });
  onTestFinished(() => void Object.defineProperty(process, 'platform', { value: platform }));
  await expect(startRelay()).rejects.toThrow('does not run on Windows; use Linux, macOS or WSL');
});

test('the version label of a connected job is kept while the job is silent', async () => {
  const clock = { at: 0 };
  const { recorder, server } = await startRelay({
    recorderOptions: { maxLabelValues: 2, now: () => clock.at },
  });
  const { socket } = await connectClient(server.path);
  socket.write(hello);
  await eventually(async () => expect(await frames(recorder)).toEqual(['{result="ok"} 1']));
  const next = (version: string) => {
    clock.at += 7 * 3_600_000;
    const metric = 'lk_agents_handoffs_total';
    recorder.record({ metric, labels: {}, value: 1 }, { agent_name: 'front-desk', agent_version: version });
  };
  const isExposed = async () => (await recorder.expose('text')).includes('agent_version="1.4.0"');
  for (const version of ['1.5', '1.6', '1.7']) next(version);
  expect(await isExposed()).toBe(true);
  socket.destroy();
  await eventually(async () => expect(server.connections).toBe(0));
  for (const version of ['1.8', '1.9', '2.0']) next(version);
  expect(await isExposed()).toBe(false);
});
