import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DeadLetters } from '../../../src/gateway/spool/dead-letters.ts';
import { newFolder } from '../running.ts';

const week = 7 * 86_400_000;

async function opened(maxBytes: number) {
  const folder = newFolder();
  const directory = join(folder, 'dead-letter');
  const deadLetters = await DeadLetters.open({ directory, maxBytes });
  const keep = (id: string, bytes: number) => {
    const path = join(folder, id);
    writeFileSync(path, 'x'.repeat(bytes));
    return deadLetters.keep({ id, path, bytes, cut: false }, 'loki', 'it answered 400');
  };
  return { deadLetters, keep, left: () => readdirSync(directory).toSorted() };
}

test('the newest dead letters are kept up to the size limit, with their reasons', async () => {
  const { keep, left } = await opened(10);
  expect(await keep('a', 4)).toBe(true);
  expect(await keep('b', 4)).toBe(true);
  expect(left()).toEqual(['loki-a.entry', 'loki-a.json', 'loki-b.entry', 'loki-b.json']);
  expect(await keep('c', 4)).toBe(true);
  expect(left()).toEqual(['loki-b.entry', 'loki-b.json', 'loki-c.entry', 'loki-c.json']);
  expect(await keep('large', 11)).toBe(false);
  expect(left()).toHaveLength(4);
});

test('dead letters are kept for a week', async () => {
  const { deadLetters, keep, left } = await opened(10);
  await keep('a', 1);
  await deadLetters.prune(Date.now() + week - 60_000);
  expect(left()).toHaveLength(2);
  await deadLetters.prune(Date.now() + week + 60_000);
  expect(left()).toEqual([]);
});

test('a size limit of 0 keeps no dead letters', async () => {
  const { keep, left } = await opened(0);
  expect(await keep('a', 1)).toBe(false);
  expect(left()).toEqual([]);
});
