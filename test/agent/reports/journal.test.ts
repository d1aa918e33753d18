import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Journal } from '../../../src/agent/reports/journal.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lines = () =>
  readFileSync(join(folder, 'a.journal'), 'utf8')
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 10 });

test('what it is told is in the file, in order, and the file goes when the report is there', async () => {
  const journal = new Journal(folder, 'a', { head: true });
  for (let number = 1; number <= 1000; number++) journal.line({ told: number });
  await until(() => expect(lines().length).toBe(1001));
  journal.line({ told: 1001 });
  await until(() => expect(lines().at(-1)).toEqual({ told: 1001, line: 1002 }));
  expect(lines().slice(0, 2)).toEqual([
    { head: true, line: 1 },
    { told: 1, line: 2 },
  ]);
  await journal.done();
  expect(readdirSync(folder)).toEqual([]);
});

test('a process that ends in the middle leaves what was told last', () => {
  const before = new Set(process.listeners('exit'));
  const journal = new Journal(folder, 'a', { head: true });
  journal.line({ last: true });
  const [atExit] = process.listeners('exit').filter((listener) => !before.has(listener));
  atExit?.(7);
  expect(lines()).toEqual([
    { head: true, line: 1 },
    { last: true, line: 2 },
  ]);
  journal.close();
  expect(process.listeners('exit').filter((listener) => !before.has(listener))).toEqual([]);
});

test('a folder that takes none is told', () => {
  expect(() => new Journal(join(folder, 'a\0b'), 'a', {})).toThrow();
});

/** Whether this process has a file of the folder open; Linux tells, and says of one that was removed that it was. */
const open = () =>
  readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false; // it was closed meanwhile
    }
  });

test.runIf(process.platform === 'linux').each([
  ['is closed', (journal: Journal) => journal.close()],
  [
    'is closed twice',
    (journal: Journal) => {
      journal.close();
      journal.close();
    },
  ],
])('one that %s keeps no file open, and the disk has had all before', async (_, end) => {
  const journal = new Journal(folder, 'a', { head: true });
  journal.line({ last: true });
  expect(open()).toBe(true);
  end(journal);
  await until(() => expect(open()).toBe(false));
  expect(lines().at(-1)).toEqual({ last: true, line: 2 });
  journal.line({ late: true });
  await journal.done();
});

test.runIf(process.platform === 'linux')(
  'one that is not needed any more is gone, and no file is open',
  async () => {
    const journal = new Journal(folder, 'a', { head: true });
    journal.line({ last: true });
    expect(open()).toBe(true);
    await journal.done();
    expect(readdirSync(folder)).toEqual([]);
    await until(() => expect(open()).toBe(false));
  },
);
