import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import { AgentServer, initializeLogger, ServerOptions } from '@livekit/agents';
import { UpdateWorkerStatus, WorkerStatus } from '@livekit/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Sdk } from '../../../src/agent/livekit/sdk.ts';
import { followServer, onServer, WorkerIdentity } from '../../../src/agent/livekit/worker.ts';
import { type Observation, observation } from '../../../src/catalogue/observation.ts';

test('every server is reported before it runs, until the hook is removed', async () => {
  const events: string[] = [];
  class Server {
    readonly name: string;
    constructor(name: string) {
      this.name = name;
    }
    async run() {
      events.push(`${this.name} runs`);
    }
  }
  const { run } = Server.prototype;
  const stop = onServer({ AgentServer: Server } as unknown as Sdk, async (server) => {
    events.push(`${(server as unknown as Server).name} is reported`);
  });
  await new Server('a').run();
  await new Server('b').run();
  stop();
  await new Server('c').run();
  expect(events).toEqual(['a is reported', 'a runs', 'b is reported', 'b runs', 'c runs']);
  expect(Server.prototype.run).toBe(run);
});

test("a server's name and load are tracked, and the gauge changes by differences", () => {
  const event = new EventEmitter();
  const observations: Observation[] = [];
  const names: string[] = [];
  const stop = followServer({ event } as unknown as AgentServer, {
    sink: (observation) => observations.push(observation),
    onName: (name) => names.push(name),
  });
  const emit = (name: string, value?: object) => event.emit('worker_msg', { message: { case: name, value } });
  emit('register', { agentName: 'front-desk' });
  emit('register', {});
  for (const load of [0.25, 0.75, 0.5, 0]) emit('updateWorker', { load });
  for (const load of [undefined, Number.NaN, '0.9', null]) emit('updateWorker', { load });
  emit('updateWorker');
  emit('ping', { load: 0.9 });
  event.emit('worker_msg', {});
  expect(names).toEqual(['front-desk', '']);
  expect(observations.map(({ value }) => value)).toEqual([0.25, 0.5, -0.25, -0.5]);
  expect(observations[0]).toMatchObject({
    metric: 'lk_agents_worker_load',
    labels: { nodename: hostname() },
  });
  stop();
  expect(event.eventNames()).toEqual([]);
});

test('a worker that drains is full, whatever load the message with its status has', () => {
  const event = new EventEmitter();
  const observations: Observation[] = [];
  followServer({ event } as unknown as AgentServer, {
    sink: (observation) => observations.push(observation),
    onName: () => {},
  });
  const say = (value: object) => event.emit('worker_msg', { message: { case: 'updateWorker', value } });
  say({ load: 0.75, status: WorkerStatus.WS_FULL });
  // The SDK's `drain()` sends its status alone, and as long as it was full before, no load follows.
  say(new UpdateWorkerStatus({ status: WorkerStatus.WS_FULL }));
  expect(observations.map(({ value }) => value)).toEqual([0.75, 0.25]);
});

test("the SDK's own worker says so when it drains", async () => {
  initializeLogger({ pretty: false, level: 'silent' });
  const server = new AgentServer(
    new ServerOptions({ agent: 'agent.js', wsURL: 'ws://127.0.0.1', apiKey: 'key', apiSecret: 'secret' }),
  );
  let load = 0;
  const stop = followServer(server, { sink: ({ value }) => (load += value), onName: () => {} });
  await server.drain();
  stop();
  expect(load).toBe(1);
});

describe('the identity of a worker', () => {
  const load = (value: number) => observation('lk_agents_worker_load', { nodename: 'host' }, value);
  const unknown = { agent_name: 'unknown', agent_version: '1.4' };

  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** A worker identity, and the recorded samples with their identity. */
  function worker(identity: { agent_name: string; agent_version: string }) {
    const recorded: [value: number, agentName: string][] = [];
    const known = new WorkerIdentity(identity, ({ value }, { agent_name }) =>
      recorded.push([value, agent_name]),
    );
    return { known, recorded };
  }

  test('a worker with a name records immediately', () => {
    const { known, recorded } = worker({ ...unknown, agent_name: 'front-desk' });
    known.sink(load(1));
    known.setName('another');
    known.sink(load(2));
    expect(recorded).toEqual([
      [1, 'front-desk'],
      [2, 'front-desk'],
    ]);
  });

  describe('a worker without a name', () => {
    test('buffers its samples in order until it registers', () => {
      const { known, recorded } = worker(unknown);
      known.sink(load(1));
      known.sink(load(2));
      expect(recorded).toEqual([]);
      known.setName('front-desk');
      known.sink(load(3));
      expect(recorded).toEqual([
        [1, 'front-desk'],
        [2, 'front-desk'],
        [3, 'front-desk'],
      ]);
      expect(known.current).toEqual({ agent_name: 'front-desk', agent_version: '1.4' });
    });

    test('that registers without a name stays unknown', () => {
      const { known, recorded } = worker(unknown);
      known.sink(load(1));
      known.setName('');
      expect(recorded).toEqual([[1, 'unknown']]);
    });

    test('that never registers is unknown after 15 s', () => {
      const { known, recorded } = worker(unknown);
      known.sink(load(1));
      vi.advanceTimersByTime(14_999);
      expect(recorded).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(recorded).toEqual([[1, 'unknown']]);
      known.sink(load(2));
      expect(recorded).toEqual([
        [1, 'unknown'],
        [2, 'unknown'],
      ]);
    });

    test('that registers later uses its name from then on: gauges move to it, and counters stay', () => {
      const { known, recorded } = worker(unknown);
      known.sink(load(0.25));
      known.sink(observation('lk_agents_job_exits_total', { outcome: 'finished' }, 1));
      vi.advanceTimersByTime(15_000);
      known.sink(load(0.5));
      recorded.length = 0;
      known.setName('front-desk');
      known.sink(load(-0.75));
      known.setName('another');
      expect(recorded).toEqual([
        [-0.75, 'unknown'],
        [0.75, 'front-desk'],
        [-0.75, 'front-desk'],
      ]);
      expect(known.current).toEqual({ agent_name: 'front-desk', agent_version: '1.4' });
    });

    test('records nothing twice after its registration', () => {
      const { known, recorded } = worker(unknown);
      known.sink(load(1));
      known.setName('front-desk');
      vi.advanceTimersByTime(60_000);
      expect(recorded).toEqual([[1, 'front-desk']]);
    });
  });
});
