import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WorkerIdentity } from '../../../src/agent/livekit/worker-identity.ts';
import { observation } from '../../../src/catalogue/observation.ts';

const load = (value: number) => observation('lk_agents_worker_load', { nodename: 'host' }, value);
const unknown = { agent_name: 'unknown', agent_version: '1.4' };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A worker's identity, and what was recorded about whom. */
function worker(identity: { agent_name: string; agent_version: string }) {
  const recorded: [value: number, agentName: string][] = [];
  const known = new WorkerIdentity(identity, ({ value }, { agent_name }) =>
    recorded.push([value, agent_name]),
  );
  return { known, recorded };
}

test('a worker that has a name records at once', () => {
  const { known, recorded } = worker({ ...unknown, agent_name: 'front-desk' });
  known.sink(load(1));
  known.learn('another');
  known.sink(load(2));
  expect(recorded).toEqual([
    [1, 'front-desk'],
    [2, 'front-desk'],
  ]);
});

describe('a worker without a name', () => {
  test('keeps what it has to say until it registers, in order', () => {
    const { known, recorded } = worker(unknown);
    known.sink(load(1));
    known.sink(load(2));
    expect(recorded).toEqual([]);
    known.learn('front-desk');
    known.sink(load(3));
    expect(recorded).toEqual([
      [1, 'front-desk'],
      [2, 'front-desk'],
      [3, 'front-desk'],
    ]);
    expect(known.current).toEqual({ agent_name: 'front-desk', agent_version: '1.4' });
  });

  test('that registers without one stays unknown', () => {
    const { known, recorded } = worker(unknown);
    known.sink(load(1));
    known.learn('');
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

  test('that registers later still has its name from then on: its gauges move to it, what was counted stays', () => {
    const { known, recorded } = worker(unknown);
    known.sink(load(0.25));
    known.sink(observation('lk_agents_job_exits_total', { outcome: 'finished' }, 1));
    vi.advanceTimersByTime(15_000);
    known.sink(load(0.5));
    recorded.length = 0;
    known.learn('front-desk');
    known.sink(load(-0.75));
    known.learn('another');
    expect(recorded).toEqual([
      [-0.75, 'unknown'],
      [0.75, 'front-desk'],
      [-0.75, 'front-desk'],
    ]);
    expect(known.current).toEqual({ agent_name: 'front-desk', agent_version: '1.4' });
  });

  test('records nothing twice when it has registered', () => {
    const { known, recorded } = worker(unknown);
    known.sink(load(1));
    known.learn('front-desk');
    vi.advanceTimersByTime(60_000);
    expect(recorded).toEqual([[1, 'front-desk']]);
  });
});
