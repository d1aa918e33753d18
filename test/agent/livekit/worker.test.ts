import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import type { AgentServer } from '@livekit/agents';
import { expect, test } from 'vitest';
import type { Sdk } from '../../../src/agent/livekit/sdk.ts';
import { followServer, onServer } from '../../../src/agent/livekit/worker.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';

test('every server is told of before it runs, until that is taken back', async () => {
  const said: string[] = [];
  class Server {
    readonly name: string;
    constructor(name: string) {
      this.name = name;
    }
    async run() {
      said.push(`${this.name} runs`);
    }
  }
  const { run } = Server.prototype;
  const stop = onServer({ AgentServer: Server } as unknown as Sdk, async (server) => {
    said.push(`${(server as unknown as Server).name} is told of`);
  });
  await new Server('a').run();
  await new Server('b').run();
  stop();
  await new Server('c').run();
  expect(said).toEqual(['a is told of', 'a runs', 'b is told of', 'b runs', 'c runs']);
  expect(Server.prototype.run).toBe(run);
});

test("a server's name and load are followed; the gauge is moved by differences", () => {
  const event = new EventEmitter();
  const observations: Observation[] = [];
  const names: string[] = [];
  const stop = followServer({ event } as unknown as AgentServer, {
    sink: (observation) => observations.push(observation),
    onName: (name) => names.push(name),
  });
  const say = (name: string, value?: object) => event.emit('worker_msg', { message: { case: name, value } });
  say('register', { agentName: 'front-desk' });
  say('register', {});
  for (const load of [0.25, 0.75, 0.5, 0]) say('updateWorker', { load });
  for (const load of [undefined, Number.NaN, '0.9', null]) say('updateWorker', { load });
  say('updateWorker');
  say('ping', { load: 0.9 });
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
