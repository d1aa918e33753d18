import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Dispatcher, startDispatcher } from '../../src/simulate/dispatcher.ts';
import { resolveOptions, type SimulateOptions } from '../../src/simulate/options.ts';
import type { Dispatch } from '../../src/simulate/signalling.ts';

let dispatcher: Dispatcher;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  dispatcher.stop();
  vi.useRealTimers();
});

function start(options: SimulateOptions, dispatch: (job: Dispatch) => Promise<void> = async () => {}) {
  const sent: Dispatch[] = [];
  dispatcher = startDispatcher({
    settings: resolveOptions(options),
    signalling: {
      dispatch: (job) => {
        sent.push(job);
        return dispatch(job);
      },
    },
    incidents: { active: () => false },
    directory: '/run',
    run: 'r1',
  });
  return sent;
}

describe('calls', () => {
  test('arrive at the configured rate after an initial burst', async () => {
    const sent = start({ rate: 60 }, async ({ id }) => dispatcher?.ended(id));
    await vi.advanceTimersByTimeAsync(2500);
    expect(sent.length).toBe(6);
    sent.length = 0;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(sent.length).toBeGreaterThan(560);
    expect(sent.length).toBeLessThan(640);
  });

  test('wait while no worker is available', async () => {
    const sent = start({ rate: 600, concurrency: 2 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([sent.length, dispatcher.active]).toEqual([2, 2]);
    dispatcher.ended(sent[0]?.id ?? '');
    await vi.advanceTimersByTimeAsync(1000);
    expect([sent.length, dispatcher.active, dispatcher.done]).toEqual([3, 2, 1]);
  });

  test('wait until earlier calls have a process', async () => {
    const sent = start({ rate: 600, concurrency: 50 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([sent.length, dispatcher.active]).toEqual([4, 4]);
    for (const { id } of [...sent]) dispatcher.started(id);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([sent.length, dispatcher.active]).toEqual([8, 8]);
  });

  test('stop after the configured number of calls', async () => {
    const sent = start({ rate: 600, calls: 3 });
    let finished = false;
    void dispatcher.finished.then(() => {
      finished = true;
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent.map(({ id }) => id)).toEqual(['AJ_r1_00001', 'AJ_r1_00002', 'AJ_r1_00003']);
    for (const { id } of sent.slice(0, 2)) dispatcher.ended(id);
    await vi.advanceTimersByTimeAsync(0);
    expect(finished).toBe(false);
    dispatcher.ended('AJ_r1_00003');
    await vi.advanceTimersByTimeAsync(0);
    expect(finished).toBe(true);
  });

  test('pass their plan to the job', () => {
    const [first] = start({ seed: 5, speed: 2, oracle: '/oracle' });
    expect(first?.agentName).toBe('front-desk');
    expect(JSON.parse(first?.metadata ?? '')).toMatchObject({
      plan: { number: 1, seed: 5, agent: 'front-desk', version: '2.4.0' },
      speed: 2,
      directory: '/run',
      oracle: '/oracle',
    });
  });

  test('that are declined or end twice are counted once', async () => {
    const sent = start({ calls: 1 }, async () => {
      throw new Error('declined');
    });
    await vi.advanceTimersByTimeAsync(0);
    dispatcher.ended(sent[0]?.id ?? '');
    expect([dispatcher.active, dispatcher.done]).toEqual([0, 1]);
  });

  test('without a process do not occupy a slot forever', async () => {
    start({ rate: 600, concurrency: 1 });
    await vi.advanceTimersByTimeAsync(599_000);
    expect(dispatcher.done).toBe(0);
    await vi.advanceTimersByTimeAsync(2000);
    expect(dispatcher.done).toBe(1);
  });
});
