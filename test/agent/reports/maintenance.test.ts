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

  /** Runs the maintenance of the folder and collects its counts and log lines. */
  function runMaintenance(given: Partial<ReportSettings>) {
    const counted: Record<string, number> = {};
    const logged: string[] = [];
    const sink = ({ metric, labels, value }: Observation) => {
      const name = `${metric} ${Object.values(labels).join()}`;
      counted[name] = (counted[name] ?? 0) + value;
    };
    const settings = { folder, bucket: undefined, deadlineMs: 5000, maxAge: undefined, maxBytes: undefined };
    const log = (message: string) => void logged.push(message);
    const recover = async () => expect.fail('there is no journal');
    stops.push(maintainReports({ settings: { ...settings, ...given }, sink, recover, log, interval: 20 }));
    return { counted, logged };
  }

  test('pending reports are uploaded, each after its recording, and other files are not', async () => {
    const bucket = await listenBucket();
    for (const name of [`${stem}.json`, `${stem}.ogg`, 'notes.json']) put(name, 60);
    const { counted } = runMaintenance({ bucket: { ...bucket.options, prefix: 'of/2026/' } });
    await until(() => expect(readdirSync(folder)).toEqual(['notes.json']));
    expect([...bucket.objects.keys()]).toEqual([`of/2026/${stem}.ogg`, `of/2026/${stem}.json`]);
    expect(bucket.objects.get(`of/2026/${stem}.json`)?.toString()).toBe(`content of ${stem}.json`);
    await until(() => expect(counted).toEqual({ 'talkgauge_session_report_uploads_total ok': 1 }));
  });

  test('an unavailable bucket is retried and reported once', async () => {
    const bucket = await listenBucket();
    bucket.away = true;
    put(`${stem}.json`, 60);
    const { counted, logged } = runMaintenance({ bucket: bucket.options });
    await until(() => expect(counted['talkgauge_session_report_uploads_total failed']).toBeGreaterThan(1));
    expect(existsSync(join(folder, `${stem}.json`))).toBe(true);
    bucket.away = false;
    await until(() => expect(bucket.objects.size).toBe(1));
    await until(() => expect(logged.length).toBe(2));
    expect(logged[0]).toMatch(
      /^reports wait in \S+, for s3:\/\/calls\/talkgauge\/ does not take them: the bucket answered 503/,
    );
    expect(logged[1]).toBe('reports reach s3://calls/talkgauge/ again');
  });

  test('a file refused by the bucket does not block others', async () => {
    const bucket = await listenBucket();
    const [first, second] = [reportStem(0, 'AJ_1', '00000000'), reportStem(1000, 'AJ_2', '00000000')];
    for (const name of [`${first}.ogg`, `${first}.json`, `${second}.json`]) put(name, 60);
    bucket.refuses.set(`talkgauge/${first}.ogg`, 400).set(`talkgauge/${first}.json`, 413);
    const { counted, logged } = runMaintenance({ bucket: bucket.options });
    await until(() => expect([...bucket.objects.keys()]).toEqual([`talkgauge/${second}.json`]));
    await until(() => expect(counted['talkgauge_session_report_uploads_total failed']).toBeGreaterThan(1));
    expect(counted['talkgauge_session_report_uploads_total ok']).toBe(1);
    expect(readdirSync(folder)).toEqual([`${first}.json`, `${first}.ogg`]);
    expect(logged).toEqual([expect.stringMatching(`: the bucket answered 400 Refused \\(${first}.ogg\\)$`)]);
  });

  test.each([503, 429])(
    'a bucket that responds with %d receives no further requests in this run',
    async (status) => {
      const bucket = await listenBucket();
      const [first, second] = [reportStem(0, 'AJ_1', '00000000'), reportStem(1000, 'AJ_2', '00000000')];
      for (const stem of [first, second]) put(`${stem}.json`, 60);
      bucket.refuses.set(`talkgauge/${first}.json`, status);
      const { counted } = runMaintenance({ bucket: bucket.options });
      await until(() => expect(counted['talkgauge_session_report_uploads_total failed']).toBeGreaterThan(1));
      expect(new Set(bucket.asked)).toEqual(new Set([`PUT talkgauge/${first}.json`]));
    },
  );

  test('a file already uploaded by another process is not a failure', async () => {
    const { options } = await listenBucket();
    expect(await new ReportSender(folder, options).send(join(folder, `${stem}.json`))).toBe(false);
  });

  test('files that a job may still upload are skipped', async () => {
    const bucket = await listenBucket();
    put(`${stem}.json`, 0);
    const old = reportStem(0, 'AJ_0', '00000000');
    put(`${old}.json`, 60);
    runMaintenance({ bucket: bucket.options, deadlineMs: 60_000 * 60 });
    runMaintenance({ bucket: bucket.options, deadlineMs: 30_000 });
    await until(() => expect(bucket.objects.size).toBe(1));
    await until(() => expect(readdirSync(folder)).toEqual([`${stem}.json`]));
  });

  test('old reports are removed and counted', async () => {
    put(`${stem}.json`, 7200);
    const { counted } = runMaintenance({ maxAge: 3600 * 1000 });
    await until(() => expect(counted).toEqual({ 'talkgauge_session_reports_removed_total age': 1 }));
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a folder with an untrusted owner is reported once, and its files are neither uploaded nor removed', async () => {
    const bucket = await listenBucket();
    chmodSync(folder, 0o1777);
    const made = join(folder, 'reports');
    mkdirSync(made);
    chmodSync(made, 0o777);
    put(`reports/${stem}.json`, 60);
    const { logged } = runMaintenance({ folder: made, bucket: bucket.options, maxAge: 1 });
    await until(() => expect(logged).toHaveLength(1));
    expect(logged[0]).toMatch(
      /^there are no session reports: .*reports can be written by others \(mode 777\) in .*; remove it, or name a folder/,
    );
    // It is checked again and used once it is trusted.
    chmodSync(made, 0o700);
    await until(() => expect(readdirSync(made)).toEqual([]));
    expect(logged).toHaveLength(1);
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

  /** Creates a file last modified `days` ago. */
  function put(name: string, days: number, bytes = 100): void {
    writeFileSync(join(folder, name), 'x'.repeat(bytes));
    utimesSync(join(folder, name), (now - days * day) / 1000, (now - days * day) / 1000);
  }
  const stem = (job: string) => reportStem(now, job, '0a1b2c3d');
  const left = () => readdirSync(folder).sort();

  test('reports beyond the retention are removed with their recordings', async () => {
    for (const ending of ['json', 'ogg']) put(`${stem('AJ_old')}.${ending}`, 31);
    put(`${stem('AJ_new')}.json`, 29);
    expect(await applyRetention(folder, { maxAge: 30 * day }, now)).toEqual({ age: 1, size: 0 });
    expect(left()).toEqual([`${stem('AJ_new')}.json`]);
  });

  test('the age of a report is that of its newest file', async () => {
    put(`${stem('AJ_1')}.ogg`, 31);
    put(`${stem('AJ_1')}.json`, 29);
    expect(await applyRetention(folder, { maxAge: 30 * day }, now)).toEqual({ age: 0, size: 0 });
    expect(left().length).toBe(2);
  });

  test('the oldest reports are removed until the rest, with recordings, is within the size limit', async () => {
    put(`${stem('AJ_3')}.json`, 3);
    put(`${stem('AJ_3')}.ogg`, 3, 900);
    put(`${stem('AJ_2')}.json`, 2, 600);
    put(`${stem('AJ_1')}.json`, 1, 400);
    expect(await applyRetention(folder, { maxBytes: 1000 }, now)).toEqual({ age: 0, size: 1 });
    expect(left()).toEqual([`${stem('AJ_1')}.json`, `${stem('AJ_2')}.json`]);
    expect(await applyRetention(folder, { maxBytes: 999 }, now)).toEqual({ age: 0, size: 1 });
    expect(left()).toEqual([`${stem('AJ_1')}.json`]);
  });

  test('other files are kept at any age and with any name', async () => {
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

  test('partially written files are removed after an hour by their own age', async () => {
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

  test('without limits everything is kept, and a missing folder is ignored', async () => {
    put(`${stem('AJ_1')}.json`, 4000);
    expect(await applyRetention(folder, {}, now)).toEqual({ age: 0, size: 0 });
    expect(await applyRetention(join(folder, 'none'), { maxAge: 1 }, now)).toEqual({ age: 0, size: 0 });
    expect(left().length).toBe(1);
  });

  test('a job id that is a path cannot leave the folder', () => {
    expect(reportStem(now, '../../etc/passwd', '0a1b2c3d')).toBe(
      'talkgauge-report-20260430T000000Z-.._.._etc_passwd-0a1b2c3d',
    );
  });

  test('an unreadable journal is removed by the retention, and not while its job may write to it', async () => {
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
