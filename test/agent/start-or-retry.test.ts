import { expect, test, vi } from 'vitest';
import { startOrRetry } from '../../src/agent/start-or-retry.ts';

/** Options with a start that fails the first `times` times, and the calls that they recorded. */
function failingStart(times: number) {
  const calls = { starts: 0, closes: 0, refusals: [] as string[], started: [] as boolean[] };
  const options = {
    start: async () => {
      calls.starts += 1;
      if (calls.starts <= times) throw new Error(`refused ${calls.starts}`);
      return {
        close: async () => {
          calls.closes += 1;
        },
      };
    },
    throws: () => false,
    refused: ({ message }: Error) => void calls.refusals.push(message),
    started: (_: unknown, late: boolean) => void calls.started.push(late),
    intervalMs: 1,
  };
  return { calls, options };
}

test('a successful start runs immediately until it is closed', async () => {
  const { calls, options } = failingStart(0);
  const retried = await startOrRetry(options);
  expect(retried.current).toBeDefined();
  await retried.close();
  expect(calls).toEqual({ starts: 1, closes: 1, refusals: [], started: [false] });
});

test('a failed start is reported once and retried until it succeeds', async () => {
  const { calls, options } = failingStart(3);
  const retried = await startOrRetry(options);
  expect(retried.current).toBeUndefined();
  await vi.waitFor(() => expect(retried.current).toBeDefined());
  expect(calls).toEqual({ starts: 4, closes: 0, refusals: ['refused 1'], started: [true] });
  await retried.close();
  expect(calls.closes).toBe(1);
});

test('a failure to be thrown is thrown and not retried', async () => {
  const { calls, options } = failingStart(1);
  await expect(startOrRetry({ ...options, throws: () => true })).rejects.toThrow('refused 1');
  expect(calls).toEqual({ starts: 1, closes: 0, refusals: [], started: [] });
});

test('a start that completes after close is closed', async () => {
  const { calls, options } = failingStart(1);
  let allow = () => {};
  const allowed = new Promise<void>((resolve) => {
    allow = resolve;
  });
  const start = async () => {
    const value = await options.start();
    await allowed;
    return value;
  };
  const retried = await startOrRetry({ ...options, start });
  await vi.waitFor(() => expect(calls.starts).toBe(2));
  await retried.close();
  allow();
  await vi.waitFor(() => expect(calls.closes).toBe(1));
  expect(retried.current).toBeUndefined();
});
