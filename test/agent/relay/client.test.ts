import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connectRelay, type RelayClientOptions } from '../../../src/agent/relay/client.ts';
import { observation } from '../../../src/catalogue/observation.ts';
import { dropped, exposed, frames, identity, startRelay } from './relay.ts';

const handoff = () => observation('lk_agents_handoffs_total', {}, 1);
const active = (by: number) => observation('lk_agents_sessions_active', {}, by);
const turns = (count: number) => observation('lk_agents_session_turns', {}, count);
const handoffs = 'lk_agents_handoffs_total';

function connect(path: string, options: Partial<RelayClientOptions> = {}) {
  const client = connectRelay({ path, identity, ...options });
  onTestFinished(() => client.close(0));
  return client;
}

function socketPath(): string {
  const directory = mkdtempSync(join('/tmp', 'relay-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'relay.sock');
}

/** A worker that accepts connections and does not read until the test resumes it. */
async function pausedWorker(path: string) {
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  onTestFinished(close);
  return { sockets, close };
}

const eventually = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('observations arrive under the identity of the job', async () => {
  const { recorder, server } = await startRelay();
  const client = connect(server.path);
  const model = { model_provider: 'openai', model_name: 'gpt-4o' };
  client.record(observation('lk_agents_llm_ttft_seconds', model, 0.45));
  client.record(observation('lk_agents_usage_llm_output_tokens_total', model, 20));
  client.record(active(1));
  expect(await client.flush(5000)).toBe(true);
  await eventually(async () => {
    const text = await recorder.expose('text');
    const labels =
      'agent_name="front-desk",agent_version="1.4.0",model_provider="openai",model_name="gpt-4o"';
    expect(text).toContain(`lk_agents_llm_ttft_seconds_sum{${labels}} 0.45\n`);
    expect(text).toContain(`lk_agents_usage_llm_output_tokens_total{${labels}} 20\n`);
    expect(await exposed(recorder, 'lk_agents_sessions_active')).toEqual(['1']);
  });
});

test('observations of one tick are one frame', async () => {
  const { recorder, server } = await startRelay();
  const client = connect(server.path);
  await eventually(async () => expect(await frames(recorder)).toEqual(['{result="ok"} 1'])); // hello
  for (let count = 0; count < 50; count++) client.record(turns(3));
  for (let count = 0; count < 50; count++) client.record(handoff());
  await eventually(async () => expect(await exposed(recorder, handoffs)).toEqual(['50']));
  expect(await frames(recorder)).toEqual(['{result="ok"} 4']); // two definitions and one of samples
});

test('ten thousand observations of one tick fit through a queue of a thousand', async () => {
  const { recorder, server } = await startRelay();
  const client = connect(server.path, { maxQueueBytes: 40_000 });
  for (let count = 0; count < 10_000; count++) client.record(turns(3));
  expect(await client.flush(10_000)).toBe(true);
  await eventually(async () =>
    expect(await exposed(recorder, 'lk_agents_session_turns_count')).toEqual(['10000']),
  );
  expect(await dropped(recorder)).toEqual([]);
});

test('a closed client withdraws its share of gauges, and a remaining share counts as crashed', async () => {
  const { recorder, server } = await startRelay();
  const client = connect(server.path);
  client.record(active(2));
  client.record(active(-1));
  await client.close(5000);
  await eventually(async () =>
    expect(await exposed(recorder, 'lk_agents_sessions_total')).toEqual(['{close_reason="crashed"} 1']),
  );
  expect(await exposed(recorder, 'lk_agents_sessions_active')).toEqual([]);
});

test('observations recorded before the worker starts are sent when it starts', async () => {
  const path = socketPath();
  const client = connect(path);
  for (let count = 0; count < 10; count++) client.record(turns(count));
  client.record(handoff());
  await new Promise((resolve) => setTimeout(resolve, 150));
  client.record(handoff());
  const { recorder } = await startRelay({ path });
  expect(await client.flush(10_000)).toBe(true);
  await eventually(async () => {
    expect(await exposed(recorder, handoffs)).toEqual(['2']);
    expect(await exposed(recorder, 'lk_agents_session_turns_count')).toEqual(['10']);
  });
  expect(await dropped(recorder)).toEqual([]);
});

test('a new worker on the same path receives the gauges again, the queued samples, and no counter twice', async () => {
  const path = socketPath();
  const first = await startRelay({ path });
  const client = connect(path);
  client.record(active(1));
  client.record(handoff());
  await eventually(async () => expect(await exposed(first.recorder, handoffs)).toEqual(['1']));
  await first.server.close();
  await eventually(() => expect(first.server.connections).toBe(0));
  await turn();
  client.record(active(1));
  client.record(handoff());
  client.record(handoff());
  client.record(turns(4));
  const second = await startRelay({ path });
  expect(await client.flush(10_000)).toBe(true);
  await eventually(async () => {
    expect(await exposed(second.recorder, 'lk_agents_sessions_active')).toEqual(['2']);
    expect(await exposed(second.recorder, handoffs)).toEqual(['2']);
    expect(await exposed(second.recorder, 'lk_agents_session_turns_count')).toEqual(['1']);
  });
  expect(await exposed(first.recorder, 'lk_agents_sessions_active')).toEqual([]);
  expect(await exposed(first.recorder, 'lk_agents_sessions_total')).toEqual([]);
  client.record(active(-2));
  await eventually(async () =>
    expect(await exposed(second.recorder, 'lk_agents_sessions_active')).toEqual([]),
  );
  expect(await exposed(second.recorder, 'lk_agents_sessions_total')).toEqual([]);
});

test('without a worker the queue is bounded, sums are kept and drops are counted as disconnected', async () => {
  const path = socketPath();
  const client = connect(path, { maxQueueBytes: 4000 }); // space for a hundred samples
  for (let count = 0; count < 1000; count++) {
    client.record(turns(3));
    client.record(handoff());
    client.record(active(1));
  }
  expect(await client.flush(20)).toBe(false);
  const { recorder } = await startRelay({ path });
  expect(await client.flush(10_000)).toBe(true);
  await eventually(async () => {
    expect(await exposed(recorder, 'lk_agents_session_turns_count')).toEqual(['100']);
    expect(await exposed(recorder, handoffs)).toEqual(['1000']);
    expect(await exposed(recorder, 'lk_agents_sessions_active')).toEqual(['1000']);
    expect(await dropped(recorder)).toEqual(['{reason="disconnected"} 900']);
  });
});

test('a worker that does not read fills the queue and receives the number of dropped samples when it reads', async () => {
  const path = socketPath();
  const { sockets } = await pausedWorker(path);
  const client = connect(path, { maxQueueBytes: 4000 });
  await eventually(() => expect(sockets).toHaveLength(1));
  // More than the kernel buffers hold, one tick at a time.
  for (let tick = 0; tick < 3000; tick++) {
    for (let count = 0; count < 20; count++) client.record(turns(3));
    client.record(handoff());
    client.record(active(tick % 2 === 0 ? 1 : -1));
    await turn();
  }
  expect(await client.flush(10)).toBe(false);
  let text = '';
  sockets[0]?.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  sockets[0]?.resume();
  expect(await client.flush(10_000)).toBe(true);
  await eventually(() => {
    const { samples, sums } = read(text);
    const lost = sums.get('queue_full') ?? 0;
    expect(lost).toBeGreaterThan(0);
    expect(samples + lost).toBe(60_000);
    expect(sums.get(handoffs)).toBe(3000);
    expect(sums.get('lk_agents_sessions_active')).toBe(0);
  });
});

/** Counts the samples of session_turns in the bytes that a client wrote, and sums the other series. */
function read(text: string): { samples: number; sums: Map<string, number> } {
  const names = new Map<number, string>();
  const sums = new Map<string, number>();
  let samples = 0;
  for (const line of text.split('\n').slice(1, -1)) {
    const frame = JSON.parse(line);
    if (!Array.isArray(frame)) {
      names.set(frame.id, frame.labels.reason ?? frame.metric);
      continue;
    }
    for (let at = 0; at < frame.length; at += 2) {
      const name = names.get(frame[at]) ?? '?';
      if (name === 'lk_agents_session_turns') samples++;
      else if (name === 'lk_agents_sessions_active') sums.set(name, frame[at + 1]);
      else sums.set(name, (sums.get(name) ?? 0) + frame[at + 1]);
    }
  }
  return { samples, sums };
}

test('a frame that a killed worker may have read in part is counted as dropped and not resent', async () => {
  const path = socketPath();
  const deaf = await pausedWorker(path);
  const client = connect(path);
  await eventually(() => expect(deaf.sockets).toHaveLength(1));
  let recorded = 0;
  // Until the kernel buffers are full: the last chunk is partially written.
  while (await client.flush(1)) {
    for (let count = 0; count < 100; count++) client.record(turns(3));
    recorded += 100;
  }
  for (let count = 0; count < 7; count++) client.record(handoff()); // after that chunk
  await deaf.close();
  const { recorder } = await startRelay({ path });
  expect(await client.flush(10_000)).toBe(true);
  await eventually(async () => {
    expect(await dropped(recorder)).toEqual(['{reason="disconnected"} 100']);
    expect(await exposed(recorder, handoffs)).toEqual(['7']);
    expect(await exposed(recorder, 'lk_agents_session_turns_count')).toEqual([]);
  });
  expect(recorded).toBeGreaterThan(100);
});

test('invalid observations are counted by the worker', async () => {
  const { recorder, server } = await startRelay();
  const client = connect(server.path, { maxSeries: 2 });
  const wrong = (metric: string, labels: object, value: number) =>
    client.record({ metric, labels, value } as never);
  wrong('lk_agents_nonsense', {}, 1);
  wrong(handoffs, { room: 'r' }, 1);
  wrong(handoffs, {}, Number.NaN);
  wrong(handoffs, {}, -1);
  wrong('lk_agents_session_turns', {}, Number.POSITIVE_INFINITY);
  wrong('lk_agents_tool_duration_seconds', { tool: 'one too many' }, 1);
  client.record(null as never);
  client.record(handoff());
  await client.flush(5000);
  await eventually(async () => {
    expect(await exposed(recorder, handoffs)).toEqual(['1']);
    expect(await dropped(recorder)).toEqual([
      '{reason="internal_error"} 1',
      '{reason="invalid_value"} 3',
      '{reason="series_limit"} 1',
      '{reason="unknown_label"} 1',
      '{reason="unknown_metric"} 1',
    ]);
  });
});

test('a worker with another protocol version is retried with exponential backoff', async () => {
  const path = socketPath();
  const calls: number[] = [];
  const server = createServer((socket) => {
    calls.push(performance.now());
    socket.on('error', () => {});
    socket.resume();
    socket.end('{"v":1,"error":"this worker speaks version 2"}\n');
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const client = connect(path);
  client.record(handoff());
  await eventually(() => expect(calls.length).toBeGreaterThanOrEqual(4));
  // After 50 to 100 ms, 100 to 200 ms, 200 to 400 ms, … (timers may be a millisecond early)
  expect((calls[3] ?? 0) - (calls[0] ?? 0)).toBeGreaterThan(345);
});

test.each([
  ['too long', `/tmp/${'x'.repeat(300)}`],
  ['empty', ''],
  ['missing', undefined as unknown as string],
])('a path that is %s does not throw', async (_, path) => {
  const client = connect(path);
  for (let count = 0; count < 10; count++) client.record(handoff());
  expect(await client.flush(10)).toBe(false);
  await client.close(10);
});

test('an empty flush resolves, and nothing is recorded after close', async () => {
  const { recorder, server } = await startRelay();
  const client = connect(server.path);
  expect(await client.flush(0)).toBe(true);
  client.record(handoff());
  await Promise.all([client.close(5000), client.close(5000)]);
  client.record(handoff());
  expect(await client.flush(0)).toBe(true);
  await eventually(async () => expect(await exposed(recorder, handoffs)).toEqual(['1']));
  await eventually(() => expect(server.connections).toBe(0));
  expect(await exposed(recorder, handoffs)).toEqual(['1']);
});

test('clients leave no listeners on the process', async () => {
  const { server } = await startRelay();
  const before = process.listenerCount('exit');
  for (let count = 0; count < 20; count++) {
    const client = connectRelay({ path: server.path, identity });
    client.record(handoff());
    await client.close(5000);
  }
  expect(process.listenerCount('exit')).toBe(before);
});
