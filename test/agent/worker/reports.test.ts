import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type SessionReport, sessionReport } from '../../../src/agent/reports/schema.ts';
import { type Backend, openBackend } from '../telemetry/backend.ts';
import { canariesIn } from './canaries.ts';
import { sharedWorkers, until, type Worker, type WorkerOptions } from './worker.ts';

/** Shared by all tests, because they share workers, each of which maintains a folder in it. */
const root = mkdtempSync(join(tmpdir(), 'talkgauge-reports-'));
let reports: string;
let folder: string;
let log: string;
let backend: Backend;
// Hooks run in reverse order: the workers that maintain the folder end before it is removed.
afterAll(() => rmSync(root, { recursive: true }));
beforeAll(async () => {
  backend = await openBackend();
});
afterAll(() => backend.close());
const shared = sharedWorkers();

beforeEach(() => {
  backend.clear();
  reports = join(root, 'reports');
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  log = join(folder, 'jobs.jsonl');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const each of readdirSync(root)) {
    for (const name of readdirSync(join(root, each))) rmSync(join(root, each, name), { recursive: true });
  }
});

const start = (env: Record<string, string> = {}, agent: WorkerOptions['agent'] = 'two-lines.mjs') =>
  shared({
    agent,
    mode: 'dev',
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, TALKGAUGE_REPORTS: reports, ...env },
  });

/** Runs one job until it ends. */
const run = (worker: Worker, job: object, outcome?: string) => worker.finish({ log, ...job }, outcome);

const all = () => (existsSync(reports) ? readdirSync(reports) : []);
const files = () => all().filter((name) => !name.endsWith('.journal'));
const journals = () => all().filter((name) => name.endsWith('.journal'));
/** The only report, validated against its schema. */
function only(): SessionReport {
  const [file, ...others] = files();
  if (file === undefined || others.length > 0) throw new Error(`reports: ${files().join() || 'none'}`);
  return sessionReport.strict().parse(JSON.parse(readFileSync(join(reports, file), 'utf8')));
}
const reported = (worker: Worker, outcome: string) =>
  worker.increase('talkgauge_session_reports_total', { outcome });
test('a report is counted and logged with its trace', async () => {
  const worker = await start();
  await run(worker, { turns: 2, asks: ['fine'] });
  const report = only();
  expect(await reported(worker, 'written')).toBe(1);
  const record = backend.logs.find(({ eventName }) => eventName === 'lk.session_report')!;
  expect(record).toMatchObject({
    scope: 'talkgauge.conversation',
    severity: 'INFO',
    body: 'session report written',
    attributes: {
      job_id: report.jobId,
      'lk.report.location': join(reports, files()[0]!),
      'lk.report.session': report.session,
      'lk.close_reason': 'user_initiated',
      'lk.turns': 2,
      'lk.tool_calls': 1,
      'lk.cost_incomplete': true,
    },
  });
  expect(record.attributes).not.toHaveProperty('lk.cost_usd');
  expect(report.traceIds).toEqual([record.traceId]);
});

test('a report is written when the entry function throws during a call', async () => {
  const worker = await start();
  await run(worker, { turns: 1, ending: 'fail' }, 'crashed');
  expect(only()).toMatchObject({ counts: { turns: 1 }, closeReason: 'user_initiated' });
  expect(await reported(worker, 'written')).toBe(1);
});

describe('a crashed job', () => {
  /** Changes the time of the journal as if its job had been silent for long. */
  function age(): { name: string; text: string } {
    const [name = '', ...others] = journals();
    expect([...others, ...files()]).toEqual([]);
    const text = readFileSync(join(reports, name), 'utf8');
    utimesSync(join(reports, name), Date.now() / 1000 - 120, Date.now() / 1000 - 120);
    return { name, text };
  }

  /** Runs a job until it crashes; a waiting job is killed when its turns are over and `before` has passed. */
  async function runUntilCrash(
    worker: Worker,
    ending: string,
    outcome: string,
    before = () => {},
  ): Promise<void> {
    await worker.run({ log, turns: 2, asks: ['fine'], ending });
    await until(() => expect(readFileSync(log, 'utf8')).toContain('"ready":true'));
    if (ending === 'wait') {
      // Data that was not written to disk is lost with the process.
      const journal = () => readFileSync(join(reports, journals()[0]!), 'utf8');
      await until(() => expect(journal().match(/speech_done/g)?.length).toBe(2));
      await until(before);
      process.kill(JSON.parse(readFileSync(log, 'utf8').split('\n')[0]!).pid, 'SIGKILL');
    }
    await until(async () => expect(await worker.increase('lk_agents_job_exits_total', { outcome })).toBe(1));
  }

  test.each([
    { ending: 'wait', outcome: 'killed' },
    { ending: 'exit', outcome: 'crashed' },
  ])('by $ending has its report recovered by its worker', async ({ ending, outcome }) => {
    // Workers of other tests would also recover it.
    reports = join(root, 'of-crashed-jobs');
    const worker = await start();
    await runUntilCrash(worker, ending, outcome);
    expect(canariesIn(age().text)).toEqual([]);
    await until(async () => expect(await reported(worker, 'recovered')).toBe(1));
    await until(() => expect(all()).toEqual([expect.stringMatching(/\.json$/)]));
    const report = only();
    expect(report).toMatchObject({
      agentName: 'front-desk',
      agentVersion: '1.2.3',
      closeReason: 'crashed',
      counts: { turns: 2, toolCalls: 1 },
      cost: { unpriced: [{ unit: 'input_tokens', amount: 180 }, {}, {}] },
    });
    expect(report.chatHistory.items.length).toBeGreaterThanOrEqual(6);
    expect(canariesIn(report)).toEqual([]);
    const agent = { agent_name: 'front-desk', agent_version: '1.2.3', outcome: 'recovered' };
    expect(await worker.increase('talkgauge_session_reports_total', agent)).toBe(1);
  });

  test('has its recovered report logged once by its worker, in its trace and without content', async () => {
    const backend = await openBackend();
    onTestFinished(() => backend.close());
    reports = join(root, 'with-a-transcript');
    const worker = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
      TALKGAUGE_ALLOW_PII: 'true',
      TALKGAUGE_RECORD: 'traces,logs,transcript',
    });
    const named = (name: string) => backend.logs.filter(({ eventName }) => eventName === name);
    await runUntilCrash(worker, 'wait', 'killed', () => expect(named('lk.turn')).toHaveLength(2));
    const journal = age();
    const reportRecords = () => named('lk.session_report');
    await until(() => expect(reportRecords()).toHaveLength(1));
    const report = only();
    const [record] = reportRecords();
    expect(record).toMatchObject({
      scope: 'talkgauge.conversation',
      severity: 'WARN',
      body: 'session report recovered',
      traceId: report.traceIds[0],
      attributes: {
        job_id: report.jobId,
        room_id: report.roomId,
        'lk.agent_name': 'front-desk',
        'lk.agent_version': '1.2.3',
        'event.name': 'lk.session_report',
        'lk.report.outcome': 'recovered',
        'lk.report.location': join(reports, files()[0]!),
        'lk.report.session': report.session,
        'lk.close_reason': 'crashed',
        'lk.turns': 2,
        'lk.tool_calls': 1,
      },
    });
    // In the trace of its job.
    expect(new Set(named('lk.turn').map(({ traceId }) => traceId))).toEqual(new Set([record?.traceId]));
    expect(canariesIn(record)).toEqual([]);
    // After the next check of the worker, which runs every ten seconds, has found the journal of another job.
    const { session } = report;
    const other = session.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    const name = join(reports, journal.name.replace(session, other));
    writeFileSync(name, journal.text.replaceAll(session, other));
    utimesSync(name, Date.now() / 1000 - 120, Date.now() / 1000 - 120);
    await until(() => expect(reportRecords().length).toBeGreaterThanOrEqual(2));
    expect(reportRecords().map(({ attributes }) => attributes['lk.report.session'])).toEqual([
      session,
      other,
    ]);
    await until(async () =>
      expect(
        await worker.increase('talkgauge_log_records_exported_total', { agent_name: 'front-desk' }),
      ).toBeGreaterThan(0),
    );
  });
});

test("the SDK's recording of a call is stored with the report when its switch is on", async () => {
  const agent = '../../../gateway/agents/recorded-call.mjs' as WorkerOptions['agent'];
  const worker = await start(
    { TALKGAUGE_RECORD: 'audio,logs', NODE_OPTIONS: '--import talkgauge/register' },
    agent,
  );
  const plan = {
    ...{
      number: 1,
      seed: 1,
      agent: 'support',
      version: '1.9.2',
      scenes: ['question'],
      ending: 'agent-closes',
    },
    stack: { mode: 'pipeline', stt: 'universal-streaming', llm: 'claude-haiku', tts: 'flash-v2.5' },
  };
  await run(worker, { plan, directory: folder });
  const [audio, report] = files().sort().reverse();
  expect(files().length).toBe(2);
  const { recordings } = sessionReport.parse(JSON.parse(readFileSync(join(reports, report!), 'utf8')));
  expect(recordings).toMatchObject([{ kind: 'sdk', status: 'saved', location: audio }]);
  const file = readFileSync(join(reports, audio!));
  expect(file.subarray(0, 4).toString()).toBe('OggS');
  expect(recordings[0]).toMatchObject({ bytes: file.length });
  expect(recordings[0]?.duration).toBeGreaterThan(1);
});
