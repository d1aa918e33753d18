import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ReadLimit } from '../../../src/agent/relay/server.ts';
import { exposed, identity, startRelay } from './relay.ts';

const hello = (agent_name: string, pid = agent_name.length) =>
  `${JSON.stringify({ v: 1, identity: { ...identity, agent_name }, pid })}\n`;
const definition = '{"id":0,"metric":"lk_agents_handoffs_total","labels":{}}\n';
const lines = 50_000;
/** One handoff per line: 5 bytes, plus 64 for the frame. */
const flood = '[0,1]'.concat('\n').repeat(lines);

async function call(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  return socket;
}
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 5 });
type Recorder = Awaited<ReturnType<typeof startRelay>>['recorder'];
const handoffs = async (recorder: Recorder, agent: string) => {
  const text = await recorder.expose('text');
  const line = new RegExp(`^lk_agents_handoffs_total\\{agent_name="${agent}".*\\} (\\d+)$`, 'm');
  return Number(line.exec(text)?.[1] ?? 0);
};
const throttled = async (recorder: Recorder) =>
  Number((await exposed(recorder, 'talkgauge_relay_throttled_total'))[0] ?? 0);

test('a job that floods its worker is throttled and counted, without loss and without affecting other jobs', async () => {
  const clock = { at: 0 };
  const readLimit = { bytesPerSecond: 10_000_000, burst: 100_000, now: () => clock.at };
  const { recorder, server } = await startRelay({ readLimit });
  const one = await call(server.path);
  one.write(hello('flooding') + definition + flood);
  await until(async () => expect(await throttled(recorder)).toBe(1));
  const read = await handoffs(recorder, 'flooding');
  expect(read).toBeGreaterThan(0);
  // At most the burst plus the last read of 64 KiB.
  expect(read).toBeLessThan((100_000 + 65_536 * 12) / 70);

  const other = await call(server.path);
  other.write(`${hello('other') + definition}[0,3]\n`);
  await until(async () => expect(await handoffs(recorder, 'other')).toBe(3));
  expect(await handoffs(recorder, 'flooding')).toBe(read);
  expect(await throttled(recorder)).toBe(1);

  await until(async () => {
    clock.at += 60_000;
    expect(await handoffs(recorder, 'flooding')).toBe(lines);
  });
  expect(await throttled(recorder)).toBeGreaterThan(1);
});

test('a job that floods its worker over many connections is read no more than over one', async () => {
  const burst = 70 * 50_000;
  const { recorder, server } = await startRelay({ readLimit: { bytesPerSecond: 1, burst, now: () => 0 } });
  const connections = 8;
  for (let n = 0; n < connections; n++) {
    const socket = await call(server.path);
    socket.write(hello('flooding', 7) + definition);
    await until(async () => expect(server.connections).toBe(n + 1));
    socket.write(flood + flood);
  }
  await until(async () => expect(await throttled(recorder)).toBe(connections));
  // The burst once, and of each connection the one read, of 64 KiB at most, that exceeds it.
  const read = await handoffs(recorder, 'flooding');
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThanOrEqual((burst + connections * 65_536 * 12) / 70);

  const other = await call(server.path);
  other.write(`${hello('other', 8) + definition}[0,3]\n`);
  await until(async () => expect(await handoffs(recorder, 'other')).toBe(3));
});

test('the data of an exited job is read completely, and its gauges are removed', async () => {
  const clock = { at: 0 };
  const readLimit = { bytesPerSecond: 10_000_000, burst: 10_000, now: () => clock.at };
  const { recorder, server } = await startRelay({ readLimit });
  const one = await call(server.path);
  const active = '{"id":1,"metric":"lk_agents_sessions_active","labels":{}}\n';
  one.end(`${hello('flooding') + definition + active}[1,1]\n${'[0,1]\n'.repeat(20_000)}`);
  await until(async () => expect(await throttled(recorder)).toBe(1));
  await until(async () => {
    clock.at += 60_000;
    expect(await handoffs(recorder, 'flooding')).toBe(20_000);
    expect(await exposed(recorder, 'lk_agents_sessions_active')).toEqual([]);
  });
});

test('a worker reads all sent data before it closes', async () => {
  const readLimit = { bytesPerSecond: 1, burst: 1, now: () => 0 };
  const { recorder, server } = await startRelay({ readLimit });
  const one = await call(server.path);
  one.write(hello('flooding') + definition);
  await until(async () => expect(await throttled(recorder)).toBe(1));
  await new Promise<void>((resolve) => one.write('[0,1]\n'.repeat(1000), () => resolve()));
  await server.close();
  expect(await handoffs(recorder, 'flooding')).toBe(1000);
});

test('a burst is read immediately, then a fixed rate applies; a frame costs more than its bytes', () => {
  let at = 0;
  const limit = new ReadLimit({ bytesPerSecond: 1000, burst: 2000, now: () => at });
  expect(limit.read(2000, 0)).toBe(0);
  expect(limit.read(1000, 0)).toBe(1000);
  at = 500;
  expect(limit.read(0, 0)).toBe(500);
  at = 1000;
  expect(limit.read(0, 0)).toBe(0);
  at = 100_000;
  expect(limit.read(0, 32)).toBe(1048 - 1000);
  expect(new ReadLimit({ bytesPerSecond: 0, burst: 0 }).read(1e9, 1e6)).toBe(0);
});
