import { expect, test, vi } from 'vitest';
import { longDelays, noDelays, waitForResult } from '../metrics/series.ts';
import { newFolder, startTestGateway } from '../running.ts';
import { type Captured, capturedOf } from '../uploads.ts';
import { type Backend, listenBackend } from './backend.ts';
import { conversationRecordsTo, linesOf } from './lines.ts';

const full = capturedOf('full');

/** The requests, with each log request split into two, as from an SDK with smaller batches. */
const halved: readonly Captured[] = full.flatMap((request) => {
  if (request.kind !== 'logs') return [request];
  return [0, 1].map((half) => {
    const body = JSON.parse(request.body.toString());
    for (const { scopeLogs } of body.resourceLogs)
      for (const scope of scopeLogs) {
        const { logRecords } = scope;
        const middle = Math.ceil(logRecords.length / 2);
        scope.logRecords = half === 0 ? logRecords.slice(0, middle) : logRecords.slice(middle);
      }
    return { ...request, body: Buffer.from(JSON.stringify(body)) };
  });
});

/** Starts a gateway that finds the sessions of a folder ended and emits their records. @returns the turns that it counted */
async function emitEndedSessions(backend: Backend, directory: string) {
  const gateway = await startTestGateway({
    directory,
    measurementDelays: noDelays,
    forward: { loki: backend.url },
  });
  await waitForResult(gateway, 'measured');
  await vi.waitFor(() => expect(conversationRecordsTo(backend).length).toBeGreaterThan(0), {
    timeout: 30_000,
  });
  await gateway.drained(20_000);
  const counted = (outcome: string) => gateway.metric('lk_agents_turns_total', { outcome });
  const turns = { abandoned: await counted('abandoned'), unanswered: await counted('unanswered') };
  await gateway.close();
  return turns;
}

/** The event records of a session with these uploads. */
async function eventRecordsOf(requests: readonly Captured[]) {
  const directory = newFolder();
  const backend = await listenBackend();
  const first = await startTestGateway({
    directory,
    measurementDelays: longDelays,
    forward: { loki: backend.url },
  });
  await first.take(requests);
  // The session may continue.
  expect(conversationRecordsTo(backend)).toEqual([]);
  await first.close();
  const counted = await emitEndedSessions(backend, directory);
  return { directory, backend, records: conversationRecordsTo(backend), counted };
}

test('an ended conversation is sent with the records that a job would emit', async () => {
  const { backend, records } = await eventRecordsOf(full);
  expect([...new Set(records.map(({ attributes }) => attributes['event.name']))].toSorted()).toEqual([
    'lk.conversation_item',
    'lk.handoff',
    'lk.session_end',
    'lk.session_report',
    'lk.session_start',
    'lk.tool_call',
    'lk.turn',
  ]);
  for (const { resource } of records)
    expect(resource).toEqual({
      'service.name': 'livekit-agents',
      room_id: 'RM_full',
      job_id: 'AJ_full',
      'lk.agent_name': 'support-agent',
      'telemetry.sdk.language': 'nodejs',
    });
  const [trace] = records.map(({ traceId }) => traceId);
  expect(trace).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(records.map(({ traceId }) => traceId))).toEqual(new Set([trace]));
  expect(records.filter(({ text }) => text.includes('please book a table'))).toHaveLength(1);
  const reports = records.filter(({ attributes }) => attributes['event.name'] === 'lk.session_report');
  expect(reports.map(({ text, attributes }) => ({ text, ...attributes }))).toEqual([
    expect.objectContaining({
      text: 'session report received',
      'lk.report.location': '/api/sessions/AJ_full/report',
      'lk.turns': '6',
      'lk.interruptions': '1',
      'lk.tool_calls': '3',
      'lk.tool_errors': '1',
      'lk.cost_incomplete': 'true',
      'lk.recordings': '0',
    }),
  ]);
  expect(linesOf(backend).filter(({ scope }) => scope === 'chat_history')).toEqual([]);
});

/** The requests of a session in which the caller hung up 2.3 s after the last, unanswered user message. */
const hungUp: readonly Captured[] = full.map((request) =>
  request.kind === 'logs'
    ? {
        ...request,
        body: Buffer.from(
          request.body.toString().replaceAll('"user_initiated"', '"participant_disconnected"'),
        ),
      }
    : request,
);

test('the turn of a caller who hung up before the answer is abandoned, in its record and in the metrics', async () => {
  const outcomes = async (requests: readonly Captured[]) => {
    const { records, counted } = await eventRecordsOf(requests);
    const turns = records.filter(({ attributes }) => attributes['event.name'] === 'lk.turn');
    return { recorded: turns.at(-1)?.attributes['lk.turn.outcome'], counted };
  };
  expect(await outcomes(hungUp)).toMatchObject({
    recorded: 'abandoned',
    counted: { abandoned: 1, unanswered: 1 },
  });
  expect(await outcomes(full)).toMatchObject({
    recorded: 'unanswered',
    counted: { abandoned: 0, unanswered: 2 },
  });
});

test('turns are numbered once in any order of uploads, and the last record has the total', async () => {
  const { records } = await eventRecordsOf(halved);
  const of = (name: string) => records.filter(({ attributes }) => attributes['event.name'] === name);
  expect(of('lk.turn').map(({ attributes }) => attributes['lk.turn.number'])).toEqual([
    '1',
    '2',
    '3',
    '4',
    '5',
    '6',
  ]);
  expect(of('lk.session_start')).toHaveLength(1);
  for (const name of ['lk.session_end', 'lk.session_report'])
    expect(of(name).map(({ attributes }) => attributes['lk.turns'])).toEqual(['6']);
  expect(records).toEqual((await eventRecordsOf(full)).records);
});

test('duplicate uploads are sent once, even after a restart of the gateway', async () => {
  const { directory, backend, records } = await eventRecordsOf([...full, ...full]);
  expect(records).toEqual((await eventRecordsOf(full)).records);
  const again = await startTestGateway({
    directory,
    measurementDelays: noDelays,
    forward: { loki: backend.url },
  });
  await again.take([...full, ...capturedOf('flush')]);
  // Another session was emitted by then, so this one would have been, too.
  await vi.waitFor(
    () =>
      expect(conversationRecordsTo(backend).some(({ resource }) => resource.job_id === 'AJ_flush')).toBe(
        true,
      ),
    { timeout: 30_000 },
  );
  await again.drained(20_000);
  expect(conversationRecordsTo(backend).filter(({ resource }) => resource.job_id === 'AJ_full')).toEqual(
    records,
  );
});
