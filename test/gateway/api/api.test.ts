import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { operations } from '../../../src/gateway/api/openapi.ts';
import { emptyBatch, type SessionBatch } from '../../../src/gateway/decode/records.ts';
import { type SessionReport, sessionReportOf } from '../../../src/gateway/decode/session-report.ts';
import { type Running, startTestGateway } from '../running.ts';
import { capturedOf } from '../uploads.ts';

interface TestSession {
  job: string;
  agent?: string;
  version?: string;
  start: number;
  seconds?: number;
  said?: string[];
  latency?: number;
  reason?: string;
  toolError?: boolean;
  interrupted?: boolean;
}

function batchOf({
  job,
  agent = 'front-desk',
  version = '1',
  start,
  seconds = 60,
  ...session
}: TestSession): SessionBatch {
  const identity = { jobId: job, agentName: agent, agentVersion: version, redacted: false, simulated: false };
  const said = session.said ?? [];
  return {
    ...emptyBatch(identity),
    logs: session.reason
      ? [
          {
            at: start,
            level: 'info',
            message: 'AgentSession closed',
            scope: '',
            attributes: { reason: session.reason },
          },
        ]
      : [],
    items: [
      ...said.map((text, at) => ({
        id: `u${at}`,
        type: 'message' as const,
        role: 'user',
        at: start + at,
        text,
      })),
      {
        id: 'a1',
        type: 'message',
        role: 'assistant',
        at: start + 9,
        interrupted: session.interrupted ?? false,
        metrics: { e2eLatency: session.latency },
      },
      ...(session.toolError
        ? [{ id: 't1', type: 'function_call_output' as const, at: start, isError: true }]
        : []),
    ],
    report: { startedAt: start, reportedAt: start + seconds, options: {}, usage: [], tags: [] },
  };
}

async function gatewayWith(...sessions: TestSession[]): Promise<Running> {
  const gateway = await startTestGateway();
  for (const one of sessions) await gateway.store.apply(batchOf(one), one.job);
  return gateway;
}

const ids = async (gateway: Running, query: string): Promise<string[]> =>
  (await gateway.json(`/api/sessions?${query}`)).sessions.map(({ id }: { id: string }) => id);

const threeSessions: TestSession[] = [
  { job: 'AJ_1', start: 100, said: ['Where is my parcel?'], latency: 0.5, reason: 'user_initiated' },
  { job: 'AJ_2', agent: 'sales', version: '2', start: 200, seconds: 10, latency: 2, toolError: true },
  {
    job: 'AJ_3',
    start: 300,
    seconds: 600,
    said: ['Größe ändern', 'a parcel, please'],
    interrupted: true,
    reason: 'error',
  },
];

describe('the session list', () => {
  test.each([
    ['', ['AJ_3', 'AJ_2', 'AJ_1']],
    ['sort=start', ['AJ_1', 'AJ_2', 'AJ_3']],
    ['sort=-duration', ['AJ_3', 'AJ_1', 'AJ_2']],
    ['sort=-latencyP95', ['AJ_2', 'AJ_1', 'AJ_3']],
    // Sessions without a value come last in both directions.
    ['sort=latencyP95', ['AJ_1', 'AJ_2', 'AJ_3']],
    ['agent=sales', ['AJ_2']],
    ['agent=sales,front-desk&version=1', ['AJ_3', 'AJ_1']],
    ['status=failed', ['AJ_3']],
    ['closeReason=user_initiated', ['AJ_1']],
    ['from=200&to=300', ['AJ_2']],
    ['minDuration=60&maxDuration=60', ['AJ_1']],
    ['minLatencyP95=1', ['AJ_2']],
    ['toolErrors=true', ['AJ_2']],
    ['interrupted=false', ['AJ_2', 'AJ_1']],
    ['has=logs', ['AJ_3', 'AJ_1']],
    ['lacks=logs&has=report', ['AJ_2']],
    ['q=parcel', ['AJ_3', 'AJ_1']],
    ['q=parcel+where', ['AJ_1']],
    ['q=parc', ['AJ_3', 'AJ_1']],
    ['q=arcel', []],
    ['q=GR%C3%96SSE', []],
    ['q=gr%C3%B6%C3%9Fe', ['AJ_3']],
    ['q=aj_2', ['AJ_2']],
    ['limit=1&offset=1', ['AJ_2']],
  ])('?%s', async (query, expected) => {
    const gateway = await gatewayWith(...threeSessions);
    expect(await ids(gateway, query)).toEqual(expected);
  });

  test('returns the total with each page', async () => {
    const gateway = await gatewayWith(...threeSessions);
    expect(await gateway.json('/api/sessions?limit=2')).toMatchObject({ total: 3, limit: 2, offset: 0 });
  });

  test.each([
    ['limit=0', /limit/],
    ['limit=501', /limit/],
    ['sort=size', /sort/],
    ['status=gone', /status/],
    ['from=yesterday', /from/],
    ['colour=red', /colour/],
  ])('?%s is refused, and the error names it', async (query, name) => {
    const gateway = await startTestGateway();
    const response = await fetch(`${gateway.url}/api/sessions?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringMatching(name) });
  });

  test('counts sessions per filter value', async () => {
    const gateway = await gatewayWith(...threeSessions);
    expect(await gateway.json('/api/facets')).toEqual({
      agent: { 'front-desk': 2, sales: 1 },
      version: { 1: 2, 2: 1 },
      status: { complete: 2, failed: 1 },
      closeReason: { user_initiated: 1, error: 1 },
      tag: {},
    });
  });
});

describe('responses match their schema', () => {
  const query = (path: string) => (path.endsWith('/logs') ? '?level=info&limit=5' : '');
  test.each(operations.filter(({ answer }) => answer).map(({ path, answer }) => [path, answer as z.ZodType]))(
    '%s',
    async (path, answer) => {
      const gateway = await startTestGateway({ grafana: 'http://localhost:3000/' });
      await gateway.take([...capturedOf('full'), ...capturedOf('flush')]);
      const body = await gateway.json(
        path.replace('{id}', path.endsWith('/peaks') ? 'AJ_flush' : 'AJ_full') + query(path),
      );
      const strict = answer instanceof z.ZodObject ? answer.strict() : answer;
      expect(strict.safeParse(body).error?.issues).toBeUndefined();
    },
  );

  test('the schema is served', async () => {
    const gateway = await startTestGateway();
    const { openapi, paths } = await gateway.json('/api/openapi.json');
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths)).toHaveLength(12);
    expect(paths['/api/sessions'].get.parameters.map(({ name }: { name: string }) => name)).toContain(
      'minLatencyP95',
    );
  });
});

test('logs are filtered by level, and paged', async () => {
  const gateway = await startTestGateway();
  await gateway.take(capturedOf('full'));
  const { total, logs } = await gateway.json('/api/sessions/AJ_full/logs?level=warn&limit=1&offset=1');
  expect(total).toBe(4);
  expect(logs).toHaveLength(1);
});

test('spans have facts, in seconds', async () => {
  const gateway = await startTestGateway();
  await gateway.take(capturedOf('flush'));
  const { spans } = await gateway.json('/api/sessions/AJ_flush/trace');
  const turn = spans.find(({ name }: { name: string }) => name === 'user_turn');
  expect(turn.facts).toMatchObject({
    of: 'user_turn',
    transcriptionDelay: 0.2994130859375,
    endOfTurnDelay: 0.3024130859375,
  });
});

test('a trace links to Grafana', async () => {
  const gateway = await startTestGateway({ grafana: 'http://localhost:3000' });
  await gateway.take(capturedOf('flush'));
  const { traceUrl } = await gateway.json('/api/sessions/AJ_flush');
  expect(decodeURIComponent(traceUrl)).toMatch(
    /^http:\/\/localhost:3000\/explore\?.*"query":"28d2da03eef848068c48be94a7701b8b"/,
  );
});

describe('the audio endpoint', () => {
  test.each([
    ['bytes=0-3', 206, 'bytes 0-3/90065', 4],
    ['bytes=90000-', 206, 'bytes 90000-90064/90065', 65],
    ['bytes=-10', 206, 'bytes 90055-90064/90065', 10],
  ])('%s', async (range, status, contentRange, length) => {
    const gateway = await startTestGateway();
    await gateway.take(capturedOf('flush'));
    const response = await fetch(`${gateway.url}/api/sessions/AJ_flush/audio`, { headers: { range } });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-range')).toBe(contentRange);
    expect(response.headers.get('content-type')).toBe('audio/ogg');
    expect((await response.arrayBuffer()).byteLength).toBe(length);
  });

  test('refuses a range beyond the end of the file', async () => {
    const gateway = await startTestGateway();
    await gateway.take(capturedOf('flush'));
    const response = await fetch(`${gateway.url}/api/sessions/AJ_flush/audio`, {
      headers: { range: 'bytes=99999-' },
    });
    expect(response.status).toBe(416);
  });

  test('gives the reason for missing audio', async () => {
    const gateway = await startTestGateway();
    await gateway.take(capturedOf('full'));
    const response = await fetch(`${gateway.url}/api/sessions/AJ_full/audio`);
    expect([response.status, await response.json()]).toEqual([
      404,
      { error: 'Recording was started without audio, or nothing was said.' },
    ]);
  });
});

describe('the reason for missing data', () => {
  const reported = async (language: string | undefined, options: SessionReport['options']) => {
    const gateway = await startTestGateway();
    const attributes = { 'session.options': options, usage: [], sdk_version: '1.9.0' };
    const identity = { jobId: 'AJ_1', language, redacted: false, simulated: false };
    const report = sessionReportOf(attributes, 1000);
    await gateway.store.apply({ ...emptyBatch(identity), report }, 'a');
    return gateway.json('/api/sessions/AJ_1');
  };
  const recordingOptions = { audio: true, traces: true, logs: true, transcript: true, redaction: false };

  test('a call too short for a span names its SDK, and the reason is not that traces were off', async () => {
    const detail = await reported(undefined, { maxToolSteps: 3, recordingOptions });
    expect(detail.missing.trace).toBe(
      "No span came: of a session's last five seconds, the JavaScript SDK sends none.",
    );
    expect(detail).toMatchObject({ language: 'nodejs', sdkVersion: '1.9.0' });
    expect(detail.cost).toBeUndefined();
  });

  test.each([
    ['nodejs', { maxToolSteps: 3, recordingOptions: { ...recordingOptions, traces: false } }],
    ['python', { max_tool_steps: 3, recording_options: { ...recordingOptions, traces: false } }],
  ])('a %s call recorded without traces says so', async (language, options) => {
    const { missing, ...detail } = await reported(undefined, options);
    expect([detail.language, missing.trace]).toEqual([language, 'Recording was started without traces.']);
  });

  test('with a realtime model, user transcripts arrive when the call ends', async () => {
    const gateway = await startTestGateway();
    const attributes = { 'lk.realtime_model_metrics': '{"type":"realtime_model_metrics"}' };
    const times = { start: Date.now() / 1000 - 5, end: Date.now() / 1000 };
    const base = { traceId: 't', spanId: 's', name: 'realtime_inference', events: [], status: 'ok' as const };
    const identity = { jobId: 'AJ_1', language: 'nodejs', redacted: false, simulated: false };
    await gateway.store.apply({ ...emptyBatch(identity), spans: [{ ...base, ...times, attributes }] }, 'a');
    const words = async () => (await gateway.json('/api/sessions/AJ_1')).missing.text;
    expect(await words()).toBe('What the user said comes when the call ends.');
    const report = sessionReportOf({ usage: [] }, times.start);
    await gateway.store.apply({ ...emptyBatch(identity), report }, 'b');
    expect(await words()).toBeUndefined();
    expect((await gateway.json('/api/sessions/AJ_1')).realtime).toBe(true);
  });
});

test('changes are streamed as they happen', async () => {
  const gateway = await startTestGateway();
  const abort = new AbortController();
  const response = await fetch(`${gateway.url}/api/events`, { signal: abort.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  await gateway.store.apply(batchOf({ job: 'AJ_1', start: 1 }), 'a');
  await gateway.store.delete('AJ_1');
  let text = '';
  while (!text.includes('event: deleted')) text += (await reader?.read())?.value ?? '';
  expect(text).toMatch(/event: session\ndata: \{"id":"AJ_1".*"status":"complete"/);
  expect(text).toContain('event: deleted\ndata: {"id":"AJ_1"}');
  abort.abort();
});

test.each([
  '/api/sessions/..%2f..%2fetc%2fpasswd',
  '/api/sessions/%2e%2e',
  '/api/sessions/..%5c..%5cspool/audio',
  '/api/sessions/AJ_flush%00/report',
  '/api/sessions/AJ_flush%2f..%2fAJ_flush/transcript',
  '/api/sessions/constructor',
  '/api/sessions/__proto__',
])('%s leads nowhere', async (path) => {
  const gateway = await startTestGateway();
  await gateway.take(capturedOf('flush'));
  expect((await fetch(gateway.url + path)).status).toBe(404);
});
