import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { reportStem } from '../../../src/agent/reports/folder.ts';
import {
  InvalidJournalError,
  Journal,
  type RecoveredReport,
  recoverReports,
} from '../../../src/agent/reports/journal.ts';
import type { SessionReport } from '../../../src/agent/reports/schema.ts';

describe('a journal', () => {
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

  test('events are written in order, and the file is removed once the report exists', async () => {
    const journal = new Journal(folder, 'a', { head: true });
    for (let number = 1; number <= 1000; number++) journal.append({ event: number });
    await until(() => expect(lines().length).toBe(1001));
    journal.append({ event: 1001 });
    await until(() => expect(lines().at(-1)).toEqual({ event: 1001, line: 1002 }));
    expect(lines().slice(0, 2)).toEqual([
      { head: true, line: 1 },
      { event: 1, line: 2 },
    ]);
    await journal.remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a process that exits early leaves the last recorded events', () => {
    const before = new Set(process.listeners('exit'));
    const journal = new Journal(folder, 'a', { head: true });
    journal.append({ last: true });
    const [atExit] = process.listeners('exit').filter((listener) => !before.has(listener));
    atExit?.(7);
    expect(lines()).toEqual([
      { head: true, line: 1 },
      { last: true, line: 2 },
    ]);
    journal.close();
    expect(process.listeners('exit').filter((listener) => !before.has(listener))).toEqual([]);
  });

  test('a folder that is not writable is reported', () => {
    expect(() => new Journal(join(folder, 'a\0b'), 'a', {})).toThrow();
  });

  /** Whether this process has a file of the folder open, also a deleted one; on Linux only. */
  const open = () =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
      } catch {
        return false; // closed in the meantime
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
  ])('a journal that %s leaves no file open and was flushed to disk before', async (_, end) => {
    const journal = new Journal(folder, 'a', { head: true });
    journal.append({ last: true });
    expect(open()).toBe(true);
    end(journal);
    await until(() => expect(open()).toBe(false));
    expect(lines().at(-1)).toEqual({ last: true, line: 2 });
    journal.append({ late: true });
    await journal.remove();
  });

  test.runIf(process.platform === 'linux')(
    'a removed journal leaves neither a file nor an open descriptor',
    async () => {
      const journal = new Journal(folder, 'a', { head: true });
      journal.append({ last: true });
      expect(open()).toBe(true);
      await journal.remove();
      expect(readdirSync(folder)).toEqual([]);
      await until(() => expect(open()).toBe(false));
    },
  );
});

describe('recovery of reports', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const now = Date.UTC(2026, 3, 30);
  const stem = (job: string) => reportStem(now, job, '0a1b2c3d');
  function put(name: string, secondsAgo: number): void {
    writeFileSync(join(folder, name), 'events');
    utimesSync(join(folder, name), now / 1000 - secondsAgo, now / 1000 - secondsAgo);
  }
  const left = () => readdirSync(folder).sort();
  const report = { session: '0a1b2c3d' } as SessionReport;
  const recovered: RecoveredReport = { report, logs: true };

  test('a journal without writes for a minute becomes a report; others are unchanged', async () => {
    put(`${stem('AJ_dead')}.journal`, 61);
    put(`${stem('AJ_alive')}.journal`, 59);
    put('notes.journal', 4000);
    expect(await recoverReports(folder, async () => recovered, now)).toEqual({
      written: [{ report, logs: true, path: join(folder, `${stem('AJ_dead')}.json`) }],
      failed: undefined,
    });
    expect(left()).toEqual(['notes.journal', `${stem('AJ_alive')}.journal`, `${stem('AJ_dead')}.json`]);
    expect(JSON.parse(readFileSync(join(folder, `${stem('AJ_dead')}.json`), 'utf8'))).toEqual(report);
  });

  test('an invalid journal is removed', async () => {
    put(`${stem('AJ_1')}.journal`, 61);
    const none = () => Promise.reject(new InvalidJournalError('half a line'));
    expect(await recoverReports(folder, none, now)).toEqual({ written: [], failed: undefined });
    expect(left()).toEqual([]);
  });

  test.each(['EMFILE', 'EIO', 'EACCES', 'ENOMEM', undefined])(
    'a temporarily unreadable journal (%s) is kept and read the next time',
    async (code) => {
      put(`${stem('AJ_1')}.journal`, 61);
      const refused = () => Promise.reject(Object.assign(new Error('not now'), { code }));
      const first = await recoverReports(folder, refused, now);
      expect(first.written).toEqual([]);
      expect(first.failed?.message).toBe('not now');
      expect(left()).toEqual([`${stem('AJ_1')}.journal`]);
      const { written, failed } = await recoverReports(folder, async () => recovered, now);
      expect([written.length, failed]).toEqual([1, undefined]);
      expect(left()).toEqual([`${stem('AJ_1')}.json`]);
    },
  );

  test('a journal with an unwritable report is kept and does not block others', async () => {
    put(`${stem('AJ_1')}.journal`, 61);
    put(`${stem('AJ_2')}.journal`, 61);
    const endless = { toJSON: () => expect.fail('the disk is full') } as unknown as SessionReport;
    const recover = async (path: string) =>
      path.includes('AJ_1') ? { ...recovered, report: endless } : recovered;
    const { written, failed } = await recoverReports(folder, recover, now);
    expect(written.map(({ path }) => path)).toEqual([join(folder, `${stem('AJ_2')}.json`)]);
    expect(failed?.message).toBe('the disk is full');
    expect(left()).toEqual([`${stem('AJ_1')}.journal`, `${stem('AJ_2')}.json`]);
  });

  test('only one of two workers with the same folder recovers a report', async () => {
    put(`${stem('AJ_1')}.journal`, 61);
    const both = await Promise.all([1, 2].map(() => recoverReports(folder, async () => recovered, now)));
    expect(both.flatMap(({ written }) => written)).toHaveLength(1);
    expect(both.map(({ failed }) => failed)).toEqual([undefined, undefined]);
    expect(left()).toEqual([`${stem('AJ_1')}.json`]);
  });
});
