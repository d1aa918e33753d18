import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stemOf } from '../../../src/agent/reports/file-names.ts';
import { retain } from '../../../src/agent/reports/retention.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const now = Date.UTC(2026, 3, 30);
const day = 86_400_000;

/** A file that was last written so many days ago. */
function put(name: string, days: number, bytes = 100): void {
  writeFileSync(join(folder, name), 'x'.repeat(bytes));
  utimesSync(join(folder, name), (now - days * day) / 1000, (now - days * day) / 1000);
}
const stem = (job: string) => stemOf(now, job, '0a1b2c3d');
const left = () => readdirSync(folder).sort();

test('reports are removed with their recordings when they are too old', async () => {
  for (const ending of ['json', 'ogg']) put(`${stem('AJ_old')}.${ending}`, 31);
  put(`${stem('AJ_new')}.json`, 29);
  expect(await retain(folder, { maxAge: 30 * day }, now)).toEqual({ age: 1, size: 0 });
  expect(left()).toEqual([`${stem('AJ_new')}.json`]);
});

test('a report is as old as what was written last of it', async () => {
  put(`${stem('AJ_1')}.ogg`, 31);
  put(`${stem('AJ_1')}.json`, 29);
  expect(await retain(folder, { maxAge: 30 * day }, now)).toEqual({ age: 0, size: 0 });
  expect(left().length).toBe(2);
});

test('the oldest go until the rest has room, recordings counted', async () => {
  put(`${stem('AJ_3')}.json`, 3);
  put(`${stem('AJ_3')}.ogg`, 3, 900);
  put(`${stem('AJ_2')}.json`, 2, 600);
  put(`${stem('AJ_1')}.json`, 1, 400);
  expect(await retain(folder, { maxBytes: 1000 }, now)).toEqual({ age: 0, size: 1 });
  expect(left()).toEqual([`${stem('AJ_1')}.json`, `${stem('AJ_2')}.json`]);
  expect(await retain(folder, { maxBytes: 999 }, now)).toEqual({ age: 0, size: 1 });
  expect(left()).toEqual([`${stem('AJ_1')}.json`]);
});

test('what is not ours stays, whatever its age and name', async () => {
  const others = [
    ...['notes.json', 'talkgauge-report.json', `${stem('AJ_1')}.txt`, `${stem('AJ_1')}.json.bak`],
    `copy of ${stem('AJ_1')}.json`,
  ];
  for (const name of others) put(name, 400);
  mkdirSync(join(folder, `${stem('AJ_folder')}.json`));
  symlinkSync(join(folder, 'notes.json'), join(folder, `${stem('AJ_link')}.json`));
  const before = left();
  expect(await retain(folder, { maxAge: 1, maxBytes: 1 }, now)).toEqual({ age: 0, size: 0 });
  expect(left()).toEqual(before);
});

test('what a process left in the middle of writing goes after an hour, by its own age', async () => {
  const hour = 1 / 24;
  const parts = [`${stem('AJ_1')}.json.2384756123`, `${stem('AJ_1')}.ogg.part`];
  for (const name of parts) put(name, 0.9 * hour);
  for (const name of ['notes.json.1234', 'notes.ogg.part', `${stem('AJ_1')}.json.12.gz`]) put(name, 400);
  await retain(folder, {}, now);
  expect(left().length).toBe(5);
  for (const name of parts) put(name, 1.1 * hour);
  put(`${stem('AJ_1')}.json`, 2 * hour);
  expect(await retain(folder, {}, now)).toEqual({ age: 0, size: 0 });
  expect(left()).toEqual([
    'notes.json.1234',
    'notes.ogg.part',
    `${stem('AJ_1')}.json`,
    `${stem('AJ_1')}.json.12.gz`,
  ]);
});

test('without limits everything stays, and a folder that is not there is none', async () => {
  put(`${stem('AJ_1')}.json`, 4000);
  expect(await retain(folder, {}, now)).toEqual({ age: 0, size: 0 });
  expect(await retain(join(folder, 'none'), { maxAge: 1 }, now)).toEqual({ age: 0, size: 0 });
  expect(left().length).toBe(1);
});

test('a job whose name is a path stays in the folder', () => {
  expect(stemOf(now, '../../etc/passwd', '0a1b2c3d')).toBe(
    'talkgauge-report-20260430T000000Z-.._.._etc_passwd-0a1b2c3d',
  );
});

test('a journal that never could be read goes with reports of its age, and not while its job may write to it', async () => {
  put(`${stem('AJ_old')}.journal`, 31);
  put(`${stem('AJ_new')}.journal`, 29);
  await retain(folder, {}, now);
  expect(left()).toHaveLength(2);
  await retain(folder, { maxAge: 30 * day }, now);
  expect(left()).toEqual([`${stem('AJ_new')}.journal`]);
  put(`${stem('AJ_new')}.journal`, 1 / 48);
  await retain(folder, { maxAge: 1 }, now);
  expect(left()).toEqual([`${stem('AJ_new')}.journal`]);
});
