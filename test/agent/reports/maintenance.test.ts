import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { reportStem } from '../../../src/agent/reports/folder.ts';
import { applyRetention, maintainReports } from '../../../src/agent/reports/maintenance.ts';
import { ReportSender } from '../../../src/agent/reports/report-sender.ts';
import type { ReportSettings } from '../../../src/agent/reports/settings.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import { listenBucket } from '../../gateway/store/bucket.ts';

describe('maintenance', () => {
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
  const stem = reportStem(Date.now(), 'AJ_1', '0a1b2c3d');

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
    stops.push(maintainReports({ settings: { ...settings, ...given }, sink, recover, log, interval: 20 }));
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
    const [first, second] = [reportStem(0, 'AJ_1', '00000000'), reportStem(1000, 'AJ_2', '00000000')];
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
    const [first, second] = [reportStem(0, 'AJ_1', '00000000'), reportStem(1000, 'AJ_2', '00000000')];
    for (const stem of [first, second]) put(`${stem}.json`, 60);
    bucket.refuses.set(`talkgauge/${first}.json`, status);
    const { counted } = keep({ bucket: bucket.options });
    await until(() => expect(counted['talkgauge_session_report_uploads_total failed']).toBeGreaterThan(1));
    expect(new Set(bucket.asked)).toEqual(new Set([`PUT talkgauge/${first}.json`]));
  });

  test('a file that another has sent meanwhile is no failure', async () => {
    const { options } = await listenBucket();
    expect(await new ReportSender(folder, options).send(join(folder, `${stem}.json`))).toBe(false);
  });

  test('what a job may be about to send is left to it', async () => {
    const bucket = await listenBucket();
    put(`${stem}.json`, 0);
    const old = reportStem(0, 'AJ_0', '00000000');
    put(`${old}.json`, 60);
    keep({ bucket: bucket.options, deadlineMs: 60_000 * 60 });
    keep({ bucket: bucket.options, deadlineMs: 30_000 });
    await until(() => expect(bucket.objects.size).toBe(1));
    await until(() => expect(readdirSync(folder)).toEqual([`${stem}.json`]));
  });

  test('old reports are removed, and counted', async () => {
    put(`${stem}.json`, 7200);
    const { counted } = keep({ maxAge: 3600 * 1000 });
    await until(() => expect(counted).toEqual({ 'talkgauge_session_reports_removed_total age': 1 }));
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a folder that somebody else may have made is reported once, and nothing of it is sent or removed', async () => {
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
});

describe('retention', () => {
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
  const stem = (job: string) => reportStem(now, job, '0a1b2c3d');
  const left = () => readdirSync(folder).sort();

  test('reports are removed with their recordings when they are too old', async () => {
    for (const ending of ['json', 'ogg']) put(`${stem('AJ_old')}.${ending}`, 31);
    put(`${stem('AJ_new')}.json`, 29);
    expect(await applyRetention(folder, { maxAge: 30 * day }, now)).toEqual({ age: 1, size: 0 });
    expect(left()).toEqual([`${stem('AJ_new')}.json`]);
  });

  test('a report is as old as what was written last of it', async () => {
    put(`${stem('AJ_1')}.ogg`, 31);
    put(`${stem('AJ_1')}.json`, 29);
    expect(await applyRetention(folder, { maxAge: 30 * day }, now)).toEqual({ age: 0, size: 0 });
    expect(left().length).toBe(2);
  });

  test('the oldest go until the rest has room, recordings counted', async () => {
    put(`${stem('AJ_3')}.json`, 3);
    put(`${stem('AJ_3')}.ogg`, 3, 900);
    put(`${stem('AJ_2')}.json`, 2, 600);
    put(`${stem('AJ_1')}.json`, 1, 400);
    expect(await applyRetention(folder, { maxBytes: 1000 }, now)).toEqual({ age: 0, size: 1 });
    expect(left()).toEqual([`${stem('AJ_1')}.json`, `${stem('AJ_2')}.json`]);
    expect(await applyRetention(folder, { maxBytes: 999 }, now)).toEqual({ age: 0, size: 1 });
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
    expect(await applyRetention(folder, { maxAge: 1, maxBytes: 1 }, now)).toEqual({ age: 0, size: 0 });
    expect(left()).toEqual(before);
  });

  test('what a process left in the middle of writing goes after an hour, by its own age', async () => {
    const hour = 1 / 24;
    const parts = [`${stem('AJ_1')}.json.2384756123`, `${stem('AJ_1')}.ogg.part`];
    for (const name of parts) put(name, 0.9 * hour);
    for (const name of ['notes.json.1234', 'notes.ogg.part', `${stem('AJ_1')}.json.12.gz`]) put(name, 400);
    await applyRetention(folder, {}, now);
    expect(left().length).toBe(5);
    for (const name of parts) put(name, 1.1 * hour);
    put(`${stem('AJ_1')}.json`, 2 * hour);
    expect(await applyRetention(folder, {}, now)).toEqual({ age: 0, size: 0 });
    expect(left()).toEqual([
      'notes.json.1234',
      'notes.ogg.part',
      `${stem('AJ_1')}.json`,
      `${stem('AJ_1')}.json.12.gz`,
    ]);
  });

  test('without limits everything stays, and a folder that is not there is none', async () => {
    put(`${stem('AJ_1')}.json`, 4000);
    expect(await applyRetention(folder, {}, now)).toEqual({ age: 0, size: 0 });
    expect(await applyRetention(join(folder, 'none'), { maxAge: 1 }, now)).toEqual({ age: 0, size: 0 });
    expect(left().length).toBe(1);
  });

  test('a job whose name is a path stays in the folder', () => {
    expect(reportStem(now, '../../etc/passwd', '0a1b2c3d')).toBe(
      'talkgauge-report-20260430T000000Z-.._.._etc_passwd-0a1b2c3d',
    );
  });

  test('a journal that never could be read goes with reports of its age, and not while its job may write to it', async () => {
    put(`${stem('AJ_old')}.journal`, 31);
    put(`${stem('AJ_new')}.journal`, 29);
    await applyRetention(folder, {}, now);
    expect(left()).toHaveLength(2);
    await applyRetention(folder, { maxAge: 30 * day }, now);
    expect(left()).toEqual([`${stem('AJ_new')}.journal`]);
    put(`${stem('AJ_new')}.journal`, 1 / 48);
    await applyRetention(folder, { maxAge: 1 }, now);
    expect(left()).toEqual([`${stem('AJ_new')}.journal`]);
  });
});
