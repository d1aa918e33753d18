import { expect, test, vi } from 'vitest';
import { startOrRetry } from '../../src/agent/start-or-retry.ts';

/** Something that the system refuses so many times; it counts its starts and ends. */
function refusedFor(times: number) {
  const told = { starts: 0, closes: 0, refusals: [] as string[], started: [] as boolean[] };
  const options = {
    start: async () => {
      told.starts += 1;
      if (told.starts <= times) throw new Error(`refused ${told.starts}`);
      return {
        close: async () => {
          told.closes += 1;
        },
      };
    },
    throws: () => false,
    refused: ({ message }: Error) => void told.refusals.push(message),
    started: (_: unknown, late: boolean) => void told.started.push(late),
    intervalMs: 1,
  };
  return { told, options };
}

test('what the system allows runs at once, until it is closed', async () => {
  const { told, options } = refusedFor(0);
  const retried = await startOrRetry(options);
  expect(retried.current).toBeDefined();
  await retried.close();
  expect(told).toEqual({ starts: 1, closes: 1, refusals: [], started: [false] });
});

test('what it refuses is reported once, and tried until it can be had', async () => {
  const { told, options } = refusedFor(3);
  const retried = await startOrRetry(options);
  expect(retried.current).toBeUndefined();
  await vi.waitFor(() => expect(retried.current).toBeDefined());
  expect(told).toEqual({ starts: 4, closes: 0, refusals: ['refused 1'], started: [true] });
  await retried.close();
  expect(told.closes).toBe(1);
});

test('a refusal that is to be thrown is, and not tried again', async () => {
  const { told, options } = refusedFor(1);
  await expect(startOrRetry({ ...options, throws: () => true })).rejects.toThrow('refused 1');
  expect(told).toEqual({ starts: 1, closes: 0, refusals: [], started: [] });
});

test('what was being started while it was closed is closed, too', async () => {
  const { told, options } = refusedFor(1);
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
  await vi.waitFor(() => expect(told.starts).toBe(2));
  await retried.close();
  allow();
  await vi.waitFor(() => expect(told.closes).toBe(1));
  expect(retried.current).toBeUndefined();
});
