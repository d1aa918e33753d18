import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockDirectory } from '../../src/gateway/directory-lock.ts';
import { newFolder } from './running.ts';

/** The minimum, so that the tests are short. */
const stale = 2000;
/** A process ID that does not exist on Linux and macOS. */
const unusedPid = 2 ** 30;

const locking = (directory: string) => {
  const lines: string[] = [];
  return { lines, taken: lockDirectory(directory, { stale, log: (line) => lines.push(line) }) };
};

/** Leaves the lock of a gateway that was killed. */
const crashed = (directory: string, holder: object) => {
  mkdirSync(join(directory, 'gateway.lock'));
  writeFileSync(join(directory, 'gateway.pid'), JSON.stringify(holder));
};

test('a directory is locked by one gateway; a second gateway is refused with instructions', async () => {
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
  ['a process that is gone', { host: hostname(), pid: unusedPid, since: 1 }],
  ['a process of the same id, as in a container', { host: hostname(), pid: process.pid, since: 1 }],
])('the lock of a crashed gateway is taken over immediately: %s', async (_, holder) => {
  const directory = newFolder();
  crashed(directory, holder);
  const { taken, lines } = locking(directory);
  await (await taken)();
  expect(lines).toEqual([]);
});

test.each([
  ['another machine', JSON.stringify({ host: 'elsewhere.invalid', pid: 1, since: 1 })],
  ['an unreadable file', 'not JSON'],
])('a lock that is no longer renewed is taken over: %s', async (_, holder) => {
  const directory = newFolder();
  mkdirSync(join(directory, 'gateway.lock'));
  writeFileSync(join(directory, 'gateway.pid'), holder);
  const { taken, lines } = locking(directory);
  await (await taken)();
  expect(lines).toEqual([`Another gateway has ${directory}; waits 4 s, in case it has died`]);
});
