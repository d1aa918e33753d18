import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { closeAfterTest } from '../../closing.ts';
import { listenBucket } from '../../gateway/store/bucket.ts';
import { apiKey, apiSecret, openLiveKit } from '../egress/livekit.ts';
import { type Backend, openBackend } from '../telemetry/backend.ts';
import { sampleOf } from './exposition.ts';
import { startWorker, until, type Worker, type WorkerOptions } from './worker.ts';

let folder: string;
let log: string;
let reports: string;
let backend: Backend;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  closeAfterTest(() => rmSync(folder, { recursive: true }));
  log = join(folder, 'jobs.jsonl');
  reports = join(folder, 'reports');
  backend = await openBackend();
  closeAfterTest(() => backend.close());
});

async function start(
  env: Record<string, string> = {},
  agent: WorkerOptions['agent'] = 'two-lines.mjs',
): Promise<Worker> {
  const worker = await startWorker({
    agent,
    mode: 'dev',
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, LOG_LEVEL: 'debug', ...env },
  });
  closeAfterTest(() => worker.close());
  return worker;
}

/** Milliseconds from the end of the entry function to the exit of the process, for the last job. */
function timeToEnd(): number {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const { endAt, exitAt } = Object.assign({}, ...lines.map((line) => JSON.parse(line)));
  return exitAt - endAt;
}

describe('the end of a job waits no longer than the deadline', () => {
  test.each([
    { behaviour: 'hanging', reason: 'deadline' },
    { behaviour: 'refusing', reason: 'export_failed' },
  ] as const)('for a backend that is $behaviour', async ({ behaviour, reason }) => {
    backend.behave(behaviour);
    const worker = await start({ TALKGAUGE_FLUSH_DEADLINE_MS: '1000' });
    await worker.finish({ log, turns: 1 });
    // By default, exporters retry for 10 s.
    expect(timeToEnd()).toBeLessThan(6000);
    await until(async () => {
      expect(await worker.increase('talkgauge_spans_dropped_total', { reason })).toBeGreaterThanOrEqual(5);
      expect(await worker.increase('talkgauge_log_records_dropped_total', { reason })).toBeGreaterThan(0);
    });
    expect(await worker.increase('lk_agents_turns_total')).toBe(1);
  });

  test('for an unavailable backend', async () => {
    const gone = await openBackend();
    await gone.close();
    const worker = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: gone.url,
      TALKGAUGE_FLUSH_DEADLINE_MS: '1000',
    });
    await worker.finish({ log, turns: 1 });
    expect(timeToEnd()).toBeLessThan(6000);
    await until(async () =>
      expect(await worker.increase('talkgauge_spans_dropped_total')).toBeGreaterThanOrEqual(5),
    );
  });

  test('for a backend that hangs, when the process exits during a call', async () => {
    backend.behave('hanging');
    // By default, the exporter would wait for five minutes.
    const worker = await start({
      TALKGAUGE_FLUSH_DEADLINE_MS: '10000',
      OTEL_EXPORTER_OTLP_TIMEOUT: '300000',
    });
    const job = worker.finish({ log, turns: 1, ending: 'exit' }, 'crashed');
    await until(() => expect(backend.paths.length).toBeGreaterThan(0));
    const asked = Date.now();
    await job;
    expect(Date.now() - asked).toBeLessThan(120_000);
  });

  test('for a LiveKit server that hangs', async () => {
    const livekit = await openLiveKit();
    closeAfterTest(() => livekit.close());
    livekit.answer('StopEgress', 'hang');
    const worker = await start(
      {
        LIVEKIT_API_KEY: apiKey,
        LIVEKIT_API_SECRET: apiSecret,
        TALKGAUGE_RECORDING_URL: livekit.url,
        TALKGAUGE_RECORDING_STOP_DEADLINE_MS: '1000',
      },
      'records-room.mjs',
    );
    await worker.finish({ log, turns: 1 });
    // The SDK's own timeout is 10 s, and that of a start is 30 s.
    expect(timeToEnd()).toBeLessThan(8000);
    const text = await worker.metrics();
    expect(sampleOf(text, 'lk_agents_recordings_total', { outcome: 'active' })).toBe(1);
    expect(sampleOf(text, 'lk_agents_recording_errors_total', { error: 'timeout' })).toBe(1);
  });

  test('for a folder that is not writable', async () => {
    const worker = await start({ TALKGAUGE_REPORTS: reports, TALKGAUGE_REPORTS_DEADLINE_MS: '1500' });
    await worker.finish({ log, turns: 1, slowDisk: true });
    expect(await worker.increase('talkgauge_session_reports_total', { outcome: 'deadline' })).toBe(1);
    expect(timeToEnd()).toBeGreaterThan(1500);
    expect(worker.output()).toContain('the folder did not take it within 1500 ms; see docs/reports.md');
    // A partial file of an exited process is not a report.
    expect(readdirSync(reports).filter((name) => name.endsWith('.json'))).toEqual([]);
  });
});

test('a failed report is counted if its folder is a file', async () => {
  writeFileSync(reports, 'a file');
  const worker = await start({ TALKGAUGE_REPORTS: reports });
  await worker.finish({ log, turns: 1 });
  expect(await worker.increase('talkgauge_session_reports_total', { outcome: 'failed' })).toBe(1);
  expect(worker.output()).toMatch(/the session report talkgauge-report-\S+ is not in \S+: E(EXIST|NOTDIR)/);
});

test('a bucket has the report when the job ends, and reports are queued while it is unavailable', async () => {
  const bucket = await listenBucket();
  const worker = await start({
    TALKGAUGE_REPORTS: 's3://calls/of/2026',
    TALKGAUGE_REPORTS_SPOOL: reports,
    TALKGAUGE_REPORTS_DEADLINE_MS: '3000',
    AWS_ENDPOINT_URL: bucket.options.endpoint,
    AWS_ACCESS_KEY_ID: bucket.options.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bucket.options.secretAccessKey,
  });
  const pending = () => readdirSync(reports).filter((name) => !name.endsWith('.journal'));
  const reported = (outcome: string) => worker.increase('talkgauge_session_reports_total', { outcome });
  await worker.finish({ log, turns: 1 });
  expect(await reported('uploaded')).toBe(1);
  expect([...bucket.objects.keys()]).toEqual([
    expect.stringMatching(/^of\/2026\/talkgauge-report-\S+\.json$/),
  ]);
  expect(pending()).toEqual([]);
  bucket.away = true;
  await worker.run({ log, turns: 1 });
  await until(async () => expect(await reported('written')).toBe(1));
  expect(pending().length).toBe(1);
  bucket.away = false;
  await until(() => expect(bucket.objects.size).toBe(2));
  await until(() => expect(pending()).toEqual([]));
  await until(async () =>
    expect(await worker.increase('talkgauge_session_report_uploads_total', { result: 'ok' })).toBe(1),
  );
});
