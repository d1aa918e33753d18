import { afterEach, expect, test } from 'vitest';
import { observation } from '../../src/catalogue/observation.ts';
import { destination } from '../../src/livekit/destination.ts';
import { processWide } from '../../src/livekit/process-wide.ts';
import { createRecorder } from '../../src/record/recorder.ts';
import { sampleOf } from '../worker/exposition.ts';

const identity = (agent_name: string) => ({ agent_name, agent_version: '1' });
const handoff = observation('lk_agents_handoffs_total', {}, 1);

afterEach(() => {
  processWide().recorder = undefined;
});

test('a process that is no job has one registry for all its sessions', async () => {
  const [one, other] = [destination(identity('a'), true), destination(identity('b'), true)];
  expect(one.recorder).toBeDefined();
  expect(other.recorder).toBe(one.recorder);
  one.sink(handoff);
  other.sink(handoff);
  other.sink(handoff);
  await one.flush();
  const text = await one.recorder!.expose('text');
  expect(sampleOf(text, 'lk_agents_handoffs_total', { agent_name: 'a' })).toBe(1);
  expect(sampleOf(text, 'lk_agents_handoffs_total', { agent_name: 'b' })).toBe(2);
});

test('that registry is the one of monitor(), where it runs in the same process', () => {
  const recorder = createRecorder();
  processWide().recorder = recorder;
  expect(destination(identity('a'), true).recorder).toBe(recorder);
});

test('a socket alone makes no job: a worker that sees its own variable records by itself', () => {
  process.env.EARSHOT_SOCKET = '/nowhere';
  try {
    expect(destination(identity('a'), true).recorder).toBeDefined();
    expect(processWide().relays.size).toBe(0);
  } finally {
    delete process.env.EARSHOT_SOCKET;
  }
});
