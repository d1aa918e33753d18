import { expect, test } from 'vitest';
import { settlesWithin, withDeadline } from '../src/deadline.ts';

const never = new Promise<never>(() => {});

test('work that ends before its deadline gives its own result or error', async () => {
  expect(await withDeadline(60_000, Promise.resolve('done'), () => 'late')).toBe('done');
  await expect(withDeadline(60_000, Promise.reject(new Error('no')), () => 'late')).rejects.toThrow('no');
});

test('work that takes longer gives what `late` returns or throws', async () => {
  expect(await withDeadline(1, never, () => 'late')).toBe('late');
  const late = () => {
    throw new Error('too late');
  };
  await expect(withDeadline(1, never, late)).rejects.toThrow('too late');
});

test('work that succeeds or fails in time has settled', async () => {
  expect(await settlesWithin(60_000, Promise.resolve())).toBe(true);
  expect(await settlesWithin(60_000, Promise.reject(new Error('no')))).toBe(true);
});

test('work that goes on is not waited for', async () => {
  expect(await settlesWithin(1, never)).toBe(false);
});
