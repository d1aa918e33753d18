import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stemOf } from '../../../src/agent/reports/file-names.ts';
import { NotAJournal, type Recovered, recoverReports } from '../../../src/agent/reports/recovery.ts';
import type { SessionReport } from '../../../src/agent/reports/schema.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const now = Date.UTC(2026, 3, 30);
const stem = (job: string) => stemOf(now, job, '0a1b2c3d');
function put(name: string, secondsAgo: number): void {
  writeFileSync(join(folder, name), 'told');
  utimesSync(join(folder, name), now / 1000 - secondsAgo, now / 1000 - secondsAgo);
}
const left = () => readdirSync(folder).sort();
const report = { session: '0a1b2c3d' } as SessionReport;
const recovered: Recovered = { report, logs: true };

test('a journal that has been silent for a minute becomes a report; others stay as they are', async () => {
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

test('a file that is no journal is removed', async () => {
  put(`${stem('AJ_1')}.journal`, 61);
  const none = () => Promise.reject(new NotAJournal('half a line'));
  expect(await recoverReports(folder, none, now)).toEqual({ written: [], failed: undefined });
  expect(left()).toEqual([]);
});

test.each(['EMFILE', 'EIO', 'EACCES', 'ENOMEM', undefined])(
  'one that cannot be read now (%s) stays, and is read the next time',
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

test('one that cannot be written stays, and holds up no other', async () => {
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

test('of two workers with one folder, one tells of a report', async () => {
  put(`${stem('AJ_1')}.journal`, 61);
  const both = await Promise.all([1, 2].map(() => recoverReports(folder, async () => recovered, now)));
  expect(both.flatMap(({ written }) => written)).toHaveLength(1);
  expect(both.map(({ failed }) => failed)).toEqual([undefined, undefined]);
  expect(left()).toEqual([`${stem('AJ_1')}.json`]);
});
