import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { apiKey, apiSecret, type LiveKit, openLiveKit } from '../egress/livekit.ts';
import { type Backend, openBackend } from '../telemetry/backend.ts';
import { sampleOf } from './exposition.ts';
import { sharedWorkers, until, type Worker, type WorkerOptions } from './worker.ts';

const root = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
const reports = join(root, 'reports');
let log: string;
let backend: Backend;
let livekit: LiveKit;
// Hooks run in reverse order: the workers that maintain the folder end before it is removed.
afterAll(() => rmSync(root, { recursive: true }));
beforeAll(async () => {
  backend = await openBackend();
  livekit = await openLiveKit();
});
afterAll(() => Promise.all([backend.close(), livekit.close()]));
const shared = sharedWorkers();

beforeEach(() => {
  log = join(mkdtempSync(join(root, 'job-')), 'jobs.jsonl');
  backend.clear();
  livekit.clear();
});
afterEach(() => {
  for (const name of existsSync(reports) ? readdirSync(reports) : []) rmSync(join(reports, name));
});

const start = (agent: WorkerOptions['agent'], env: Record<string, string> = {}): Promise<Worker> =>
  shared({
    agent,
    mode: 'dev',
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
      LIVEKIT_API_KEY: apiKey,
      LIVEKIT_API_SECRET: apiSecret,
      TALKGAUGE_RECORDING_URL: livekit.url,
      TALKGAUGE_REPORTS: reports,
      ...env,
    },
  });

const logEntries = () =>
  Object.assign(
    {},
    ...readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
const records = () => backend.logs.filter(({ eventName }) => eventName === 'lk.recording');

test.each(['records-room.mjs', 'records-room.cjs'] as const)(
  '%s: a job is recorded until its end, and the result is counted and logged',
  async (agent) => {
    const worker = await start(agent, {
      TALKGAUGE_RECORDING_OUTPUT: 's3',
      TALKGAUGE_RECORDING_BUCKET: 'calls',
      TALKGAUGE_RECORDING_FILEPATH: 'calls/{job_id}.ogg',
    });
    await worker.finish({ log, turns: 1 });

    expect(logEntries()).toMatchObject({ recording: 'active' });
    const { job_id } = backend.spans[0]!.attributes as { job_id: string };
    expect(livekit.asked().toJson()).toEqual({
      roomName: job_id.replace('AJ_', 'call-'),
      audioOnly: true,
      fileOutputs: [{ filepath: `calls/${job_id}.ogg`, s3: { bucket: 'calls' } }],
    });
    const agent_name = 'front-desk';
    const text = await worker.metrics();
    const outcome = { agent_name, destination: 's3', outcome: 'complete' };
    expect(sampleOf(text, 'lk_agents_recordings_total', outcome)).toBe(1);
    expect(sampleOf(text, 'lk_agents_recordings_total')).toBe(1);
    expect(sampleOf(text, 'lk_agents_recording_errors_total')).toBe(0);
    expect(sampleOf(text, 'lk_agents_recordings_active')).toBe(0);
    expect(sampleOf(text, 'lk_agents_recorded_seconds_total', { agent_name, media: 'audio' })).toBe(12.5);

    const root = backend.spans.find(({ name }) => name === 'job_entrypoint')!;
    expect(records().map(({ body, severity, traceId }) => [body, severity, traceId])).toEqual([
      ['recording active', 'INFO', root.traceId],
      ['recording complete', 'INFO', root.traceId],
    ]);
    expect(records()[1]?.attributes).toMatchObject({
      job_id,
      'lk.egress_id': 'EG_1',
      'lk.recording.location': 'https://calls.s3.amazonaws.com/AJ_1-2026-11-27T002000.ogg',
      'lk.duration': 12.5,
      'lk.recording.size': 98_765,
    });
  },
);

test.each([
  ['shutdown', 'finished'],
  // A failed entry function ends the recording, too.
  ['fail', 'crashed'],
])('the report of a job that ends by %s contains its recording', async (ending, outcome) => {
  const worker = await start('records-room.mjs');
  await worker.finish({ log, turns: 1, ending }, outcome);
  const [report] = readdirSync(reports);
  expect(JSON.parse(readFileSync(join(reports, report!), 'utf8')).recordings).toEqual([
    {
      kind: 'egress',
      id: expect.any(String),
      status: 'saved',
      audioOnly: true,
      egressId: 'EG_1',
      location: 'https://calls.s3.amazonaws.com/AJ_1-2026-11-27T002000.ogg',
      startedAt: 1_795_739_000_250,
      endedAt: 1_795_739_012_750,
      duration: 12.5,
      bytes: 98_765,
    },
  ]);
});

test('a call without an egress service continues and logs what is missing', async () => {
  livekit.answer('StartRoomCompositeEgress', {
    status: 500,
    code: 'internal',
    msg: 'egress not connected (redis required)',
  });
  const worker = await start('records-room.mjs');
  await worker.finish({ log, turns: 2 });
  expect(logEntries()).toMatchObject({ recording: 'not_started', endAt: expect.any(Number) });
  expect(logEntries().error).toMatch(
    /egress not connected \(redis required\); run livekit\/egress with the same Redis/,
  );
  expect(worker.output()).toContain("talkgauge: the room's recording (not_started): LiveKit at ws://");
  expect(await worker.increase('lk_agents_turns_total')).toBe(2);
  expect(await worker.increase('lk_agents_recordings_total', { outcome: 'not_started' })).toBe(1);
  expect(await worker.increase('lk_agents_recording_errors_total', { error: 'no_egress_service' })).toBe(1);
  expect(records().map(({ body, severity }) => [body, severity])).toEqual([
    ['recording not_started: no_egress_service', 'ERROR'],
  ]);
});

test('the recording of a crashed job is counted as lost', async () => {
  const worker = await start('records-room.mjs');
  await worker.finish({ log, turns: 1, ending: 'exit' }, 'crashed');
  await until(async () => {
    const lost = { destination: 'file', outcome: 'lost' };
    expect(await worker.increase('lk_agents_recordings_total', lost)).toBe(1);
    expect(sampleOf(await worker.metrics(), 'lk_agents_recordings_active')).toBe(0);
  });
});

test('no request is sent if audio is switched off', async () => {
  const worker = await start('records-room.mjs', { TALKGAUGE_RECORD: 'traces,logs' });
  await worker.finish({ log, turns: 1 });
  expect(logEntries()).toMatchObject({ recording: 'off' });
  expect(livekit.calls).toEqual([]);
  expect(worker.output()).toContain('the room is not recorded: the switch audio is off');
  expect(sampleOf(await worker.metrics(), 'lk_agents_recordings_total')).toBe(0);
});
