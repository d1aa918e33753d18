import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SessionReport, sessionReport } from '../../../src/agent/reports/schema.ts';
import { type Backend, openBackend } from '../telemetry/backend.ts';
import { canariesIn } from './canaries.ts';
import { sharedWorkers, until, type Worker, type WorkerOptions } from './worker.ts';

/** Content of the conversation in the report, the spans and the log lines of a job. */
const folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
const reports = join(folder, 'reports');
let backend: Backend;
// Hooks run in reverse order: the workers that maintain the folder end before it is removed.
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  backend = await openBackend();
});
afterAll(() => backend.close());
const shared = sharedWorkers();

beforeEach(() => backend.clear());
afterEach(() => {
  for (const name of readdirSync(reports)) rmSync(join(reports, name));
});

const start = (
  env: Record<string, string> = {},
  agent: WorkerOptions['agent'] = 'two-lines.mjs',
): Promise<Worker> =>
  shared({
    agent,
    mode: 'dev',
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
      TALKGAUGE_REPORTS: reports,
      LOG_LEVEL: 'debug',
      ...env,
    },
  });

/** The report, validated against its schema. */
function report(): SessionReport {
  const [file, ...others] = readdirSync(reports).filter((name) => !name.endsWith('.journal'));
  if (file === undefined || others.length > 0) throw new Error(`${[file, ...others]}`);
  expect(statSync(join(reports, file)).mode & 0o777).toBe(0o600);
  return sessionReport.strict().parse(JSON.parse(readFileSync(join(reports, file), 'utf8')));
}
/** Records of the conversation. */
const records = (name?: string) =>
  backend.logs.filter(({ eventName }) => eventName && (name === undefined || eventName === name));
/** Log lines of the job. */
const lines = () => backend.logs.filter(({ eventName }) => !eventName);

const asks = ['fine', 'broken'];

test('content is in no report, attribute, event, status or body by default', async () => {
  const worker = await start();
  await worker.finish({ turns: 2, asks });
  expect(report().counts).toMatchObject({ turns: 2, toolCalls: 2, toolErrors: 1 });
  expect(backend.spans.filter(({ name }) => name === 'function_tool').length).toBe(2);
  expect(backend.logs.length).toBeGreaterThan(20);
  expect(canariesIn([report(), backend.spans, backend.logs])).toEqual([]);
  expect(backend.spans.flatMap(({ attributes }) => Object.keys(attributes)).join()).not.toMatch(/pii/);
});

test('content is in reports and records with its switch, except prompts and error messages', async () => {
  const worker = await start();
  await worker.finish({ turns: 2, asks, options: { record: { transcript: true } } });
  expect(report().content).toEqual({ transcript: true, allowPii: false, redaction: false });
  expect(canariesIn(report().chatHistory)).toEqual(['agent', 'answer', 'argument', 'user']);
  expect(canariesIn(report().events)).toEqual(['agent', 'answer', 'argument', 'user']);
  expect(report().room).toBeUndefined();
  expect(records('lk.conversation_item').map(({ body }) => body)).toEqual([
    'question 0 canary-user fine',
    'Certainly, canary-agent.',
    'question 1 canary-user broken',
    'Certainly, canary-agent.',
  ]);
  const [tool] = records('lk.tool_call');
  expect(tool?.attributes['lk.pii.function_tool.arguments']).toBe('{"what":"canary-argument"}');
  expect(tool?.attributes['lk.pii.function_tool.output']).toContain('canary-answer');
  expect(canariesIn(backend.spans)).toEqual([]);
});

describe('content with allowPii', () => {
  const everything = { TALKGAUGE_ALLOW_PII: 'true', TALKGAUGE_RECORD: 'transcript,traces,logs' };

  test('is in complete reports, spans and log lines', async () => {
    const worker = await start(everything);
    await worker.finish({ turns: 2, asks });
    expect(canariesIn(report())).toEqual(
      expect.arrayContaining(['agent', 'answer', 'argument', 'instructions']),
    );
    expect(report().room).toEqual(expect.any(String));
    expect(canariesIn(backend.spans)).toEqual(['agent', 'answer', 'argument', 'instructions', 'user']);
    expect(canariesIn(lines())).toContain('failure');
    const goodbye = lines().find(({ body }) => body === 'said goodbye');
    expect(goodbye?.attributes['lk.pii.note']).toBe('canary-user');
  });

  test('content is in no report and no record without its switch', async () => {
    const worker = await start({ ...everything, TALKGAUGE_RECORD: 'audio,traces,logs' });
    await worker.finish({ turns: 2, asks });
    expect(canariesIn(report())).toEqual([]);
    expect(report().room).toBeUndefined();
    expect(records('lk.turn')).toHaveLength(2);
    expect(canariesIn(records())).toEqual([]);
  });

  test('content is removed where LiveKit requires redaction', async () => {
    const worker = await start(everything);
    const record = { audio: false, traces: false, logs: false, transcript: false, redaction: true };
    await worker.finish({ turns: 2, asks, record });
    expect(report().content).toEqual({ transcript: false, allowPii: false, redaction: true });
    expect(canariesIn(report())).toEqual([]);
    expect(records('lk.turn')).toHaveLength(2);
    expect(canariesIn(records())).toEqual([]);
  });
});

test("content is edited by the hook of a session's own telemetry without monitor()", async () => {
  const worker = await start({}, 'observe-only.mjs');
  const options = { record: { transcript: true }, mask: 'canary-user' };
  await worker.run({ turns: 1, asks, options });
  // The report has a temporary name while it is written.
  const found = await until(report);
  expect(found).toMatchObject({ agentName: 'front-desk', agentVersion: '1.2.3', counts: { turns: 1 } });
  expect(canariesIn(found)).toEqual(['agent', 'answer', 'argument']);
  expect(JSON.stringify(found.chatHistory)).toContain('question 0 … fine');
});

test('a report with content omits events and traces when their switches are off', async () => {
  const worker = await start();
  await worker.finish({ turns: 1, options: { record: { logs: false, traces: false, transcript: true } } });
  expect(report()).toMatchObject({ events: [], traceIds: [], counts: { turns: 1 } });
  // The report of a previous test may arrive late.
  const { jobId } = report();
  expect(records('lk.session_report').filter(({ attributes }) => attributes.job_id === jobId)).toEqual([]);
});

test.each([{ record: false }, { report: false }])('no report is written with %j', async (options) => {
  const worker = await start();
  await worker.finish({ turns: 1, options });
  expect(readdirSync(reports)).toEqual([]);
  expect(await worker.increase('talkgauge_session_reports_total', { outcome: 'written' })).toBe(0);
});
