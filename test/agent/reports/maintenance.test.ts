import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { stemOf } from '../../../src/agent/reports/file-names.ts';
import { keepReports } from '../../../src/agent/reports/maintenance.ts';
import { Outbox } from '../../../src/agent/reports/report-sender.ts';
import type { ReportSettings } from '../../../src/agent/reports/settings.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import { listenBucket } from '../../gateway/store/bucket.ts';

let folder: string;
const stops: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  rmSync(folder, { recursive: true });
});

const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 20 });
const stem = stemOf(Date.now(), 'AJ_1', '0a1b2c3d');

function put(name: string, secondsAgo: number): void {
  writeFileSync(join(folder, name), `content of ${name}`);
  const at = Date.now() / 1000 - secondsAgo;
  utimesSync(join(folder, name), at, at);
}

/** Looks after the folder, and keeps what is counted and said. */
function keep(given: Partial<ReportSettings>) {
  const counted: Record<string, number> = {};
  const said: string[] = [];
  const sink = ({ metric, labels, value }: Observation) => {
    const name = `${metric} ${Object.values(labels).join()}`;
    counted[name] = (counted[name] ?? 0) + value;
  };
  const settings = { folder, bucket: undefined, deadlineMs: 5000, maxAge: undefined, maxBytes: undefined };
  const log = (message: string) => void said.push(message);
  const recover = async () => expect.fail('there is no journal');
  stops.push(keepReports({ settings: { ...settings, ...given }, sink, recover, log, interval: 20 }));
  return { counted, said };
}

test('what waits goes to the bucket, the recording first, and nothing else does', async () => {
  const bucket = await listenBucket();
  for (const name of [`${stem}.json`, `${stem}.ogg`, 'notes.json']) put(name, 60);
  const { counted } = keep({ bucket: { ...bucket.options, prefix: 'of/2026/' } });
  await until(() => expect(readdirSync(folder)).toEqual(['notes.json']));
  expect([...bucket.objects.keys()]).toEqual([`of/2026/${stem}.ogg`, `of/2026/${stem}.json`]);
  expect(bucket.objects.get(`of/2026/${stem}.json`)?.toString()).toBe(`content of ${stem}.json`);
  await until(() => expect(counted).toEqual({ 'talkgauge_session_report_uploads_total ok': 1 }));
});

test('a bucket that is away is tried again, and told of once', async () => {
  const bucket = await listenBucket();
  bucket.away = true;
  put(`${stem}.json`, 60);
  const { counted, said } = keep({ bucket: bucket.options });
  await until(() => expect(counted['talkgauge_session_report_uploads_total failed']).toBeGreaterThan(1));
  expect(existsSync(join(folder, `${stem}.json`))).toBe(true);
  bucket.away = false;
  await until(() => expect(bucket.objects.size).toBe(1));
  await until(() => expect(said.length).toBe(2));
  expect(said[0]).toMatch(
    /^reports wait in \S+, for s3:\/\/calls\/talkgauge\/ does not take them: the bucket answered 503/,
  );
  expect(said[1]).toBe('reports reach s3://calls/talkgauge/ again');
});

test('one that the bucket refuses holds up no other', async () => {
  const bucket = await listenBucket();
  const [first, second] = [stemOf(0, 'AJ_1', '00000000'), stemOf(1000, 'AJ_2', '00000000')];
  for (const name of [`${first}.ogg`, `${first}.json`, `${second}.json`]) put(name, 60);
  bucket.refuses.set(`talkgauge/${first}.ogg`, 400).set(`talkgauge/${first}.json`, 413);
  const { counted, said } = keep({ bucket: bucket.options });
  await until(() => expect([...bucket.objects.keys()]).toEqual([`talkgauge/${second}.json`]));
  await until(() => expect(counted['talkgauge_session_report_uploads_total failed']).toBeGreaterThan(1));
  expect(counted['talkgauge_session_report_uploads_total ok']).toBe(1);
  expect(readdirSync(folder)).toEqual([`${first}.json`, `${first}.ogg`]);
  expect(said).toEqual([expect.stringMatching(`: the bucket answered 400 Refused \\(${first}.ogg\\)$`)]);
});

test.each([503, 429])('a bucket that answers %d is asked for nothing more in this turn', async (status) => {
  const bucket = await listenBucket();
  const [first, second] = [stemOf(0, 'AJ_1', '00000000'), stemOf(1000, 'AJ_2', '00000000')];
  for (const stem of [first, second]) put(`${stem}.json`, 60);
  bucket.refuses.set(`talkgauge/${first}.json`, status);
  const { counted } = keep({ bucket: bucket.options });
  await until(() => expect(counted['talkgauge_session_report_uploads_total failed']).toBeGreaterThan(1));
  expect(new Set(bucket.asked)).toEqual(new Set([`PUT talkgauge/${first}.json`]));
});

test('a file that another has sent meanwhile is no failure', async () => {
  const { options } = await listenBucket();
  expect(await new Outbox(folder, options).send(join(folder, `${stem}.json`))).toBe(false);
});

test('what a job may be about to send is left to it', async () => {
  const bucket = await listenBucket();
  put(`${stem}.json`, 0);
  const old = stemOf(0, 'AJ_0', '00000000');
  put(`${old}.json`, 60);
  keep({ bucket: bucket.options, deadlineMs: 60_000 * 60 });
  keep({ bucket: bucket.options, deadlineMs: 30_000 });
  await until(() => expect(bucket.objects.size).toBe(1));
  expect(readdirSync(folder)).toEqual([`${stem}.json`]);
});

test('old reports are removed, and counted', async () => {
  put(`${stem}.json`, 7200);
  const { counted } = keep({ maxAge: 3600 * 1000 });
  await until(() => expect(counted).toEqual({ 'talkgauge_session_reports_removed_total age': 1 }));
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that somebody else may have made is told of once, and nothing of it is sent or removed', async () => {
  const bucket = await listenBucket();
  chmodSync(folder, 0o1777);
  const made = join(folder, 'reports');
  mkdirSync(made);
  chmodSync(made, 0o777);
  put(`reports/${stem}.json`, 60);
  const { said } = keep({ folder: made, bucket: bucket.options, maxAge: 1 });
  await until(() => expect(said).toHaveLength(1));
  expect(said[0]).toMatch(
    /^there are no session reports: .*reports can be written by others \(mode 777\) in .*; remove it, or name a folder/,
  );
  // It is looked at again, and used as soon as it may be.
  chmodSync(made, 0o700);
  await until(() => expect(readdirSync(made)).toEqual([]));
  expect(said).toHaveLength(1);
  expect([...bucket.objects.keys()]).toHaveLength(1);
});
