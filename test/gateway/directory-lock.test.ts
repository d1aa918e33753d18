import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockDirectory } from '../../src/gateway/directory-lock.ts';
import { newFolder } from './running.ts';

/** The shortest that there may be, so that nobody waits for long. */
const stale = 2000;
/** A process that is none: Linux and macOS have no such ids. */
const nobody = 2 ** 30;

const locking = (directory: string) => {
  const lines: string[] = [];
  return { lines, taken: lockDirectory(directory, { stale, log: (line) => lines.push(line) }) };
};

/** What a gateway leaves that is killed. */
const crashed = (directory: string, holder: object) => {
  mkdirSync(join(directory, 'gateway.lock'));
  writeFileSync(join(directory, 'gateway.pid'), JSON.stringify(holder));
};

test('a directory is locked by one gateway; the next is refused with the next step', async () => {
  const directory = newFolder();
  const unlock = await locking(directory).taken;
  const { taken, lines } = locking(directory);
  await expect(taken).rejects.toThrow(
    `Another gateway (process ${process.pid} on ${hostname()}) uses ${directory}; end it, or give this one a directory of its own with --data.`,
  );
  expect(lines).toEqual([`Another gateway has ${directory}; waits 4 s, in case it has died`]);
  await unlock();
  expect(existsSync(join(directory, 'gateway.lock'))).toBe(false);
  const again = locking(directory);
  await (await again.taken)();
  expect(again.lines).toEqual([]);
});

test.each([
  ['a process that is gone', { host: hostname(), pid: nobody, since: 1 }],
  ['a process of the same id, as in a container', { host: hostname(), pid: process.pid, since: 1 }],
])('what a crash left is taken over at once: of %s', async (_, holder) => {
  const directory = newFolder();
  crashed(directory, holder);
  const { taken, lines } = locking(directory);
  await (await taken)();
  expect(lines).toEqual([]);
});

test.each([
  ['another machine', JSON.stringify({ host: 'elsewhere.invalid', pid: 1, since: 1 })],
  ['one that nobody knows', 'not JSON'],
])('and when nobody renews it any more: of %s', async (_, holder) => {
  const directory = newFolder();
  mkdirSync(join(directory, 'gateway.lock'));
  writeFileSync(join(directory, 'gateway.pid'), holder);
  const { taken, lines } = locking(directory);
  await (await taken)();
  expect(lines).toEqual([`Another gateway has ${directory}; waits 4 s, in case it has died`]);
});
