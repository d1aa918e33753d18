import { expect, test, vi } from 'vitest';
import { longDelays, noDelays, waitForResult } from '../metrics/series.ts';
import { newFolder, startTestGateway } from '../running.ts';
import { type Captured, capturedOf } from '../uploads.ts';
import { type Backend, listenBackend } from './backend.ts';
import { conversationRecordsTo, linesOf } from './lines.ts';

const full = capturedOf('full');

/** The requests, of which those with logs come in two halves each: as of an SDK whose batches hold less. */
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

/** Lets a gateway find the sessions of a folder over when it starts, and tell them. @returns turns that it counted */
async function over(backend: Backend, directory: string) {
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

/** What is told of a session whose uploads are these. */
async function eventRecordsOf(requests: readonly Captured[]) {
  const directory = newFolder();
  const backend = await listenBackend();
  const first = await startTestGateway({
    directory,
    measurementDelays: longDelays,
    forward: { loki: backend.url },
  });
  await first.take(requests);
  // It may go on.
  expect(conversationRecordsTo(backend)).toEqual([]);
  await first.close();
  const counted = await over(backend, directory);
  return { directory, backend, told: conversationRecordsTo(backend), counted };
}

test('an ended conversation is sent with the records that a job would emit', async () => {
  const { backend, told } = await eventRecordsOf(full);
  expect([...new Set(told.map(({ attributes }) => attributes['event.name']))].toSorted()).toEqual([
    'lk.conversation_item',
    'lk.handoff',
    'lk.session_end',
    'lk.session_report',
    'lk.session_start',
    'lk.tool_call',
    'lk.turn',
  ]);
  for (const { resource } of told)
    expect(resource).toEqual({
      'service.name': 'livekit-agents',
      room_id: 'RM_full',
      job_id: 'AJ_full',
      'lk.agent_name': 'support-agent',
      'telemetry.sdk.language': 'nodejs',
    });
  const [trace] = told.map(({ traceId }) => traceId);
  expect(trace).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(told.map(({ traceId }) => traceId))).toEqual(new Set([trace]));
  expect(told.filter(({ text }) => text.includes('please book a table'))).toHaveLength(1);
  const reports = told.filter(({ attributes }) => attributes['event.name'] === 'lk.session_report');
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

/** The requests of a session whose caller hung up 2.3 s after the last words, to which nobody had answered yet. */
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

test('a caller who hung up without waiting for an answer abandoned the turn, by its record and by the metrics', async () => {
  const outcomes = async (requests: readonly Captured[]) => {
    const { told, counted } = await eventRecordsOf(requests);
    const turns = told.filter(({ attributes }) => attributes['event.name'] === 'lk.turn');
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

test('in whichever order it was uploaded, its turns are numbered once, and its last record counts all', async () => {
  const { told } = await eventRecordsOf(halved);
  const of = (name: string) => told.filter(({ attributes }) => attributes['event.name'] === name);
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
  expect(told).toEqual((await eventRecordsOf(full)).told);
});

test('what comes twice is sent once, also over a restart of the gateway', async () => {
  const { directory, backend, told } = await eventRecordsOf([...full, ...full]);
  expect(told).toEqual((await eventRecordsOf(full)).told);
  const again = await startTestGateway({
    directory,
    measurementDelays: noDelays,
    forward: { loki: backend.url },
  });
  await again.take([...full, ...capturedOf('flush')]);
  // Another session was told, so that this one would have been.
  await vi.waitFor(
    () =>
      expect(conversationRecordsTo(backend).some(({ resource }) => resource.job_id === 'AJ_flush')).toBe(
        true,
      ),
    { timeout: 30_000 },
  );
  await again.drained(20_000);
  expect(conversationRecordsTo(backend).filter(({ resource }) => resource.job_id === 'AJ_full')).toEqual(
    told,
  );
});
