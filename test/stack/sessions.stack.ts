import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { unknownCall } from '../../src/monitoring/boards/panels/calls.ts';
import { newFolder, startTestGateway } from '../gateway/running.ts';
import { type Captured, capturedOf, key } from '../gateway/uploads.ts';
import { expressions, runbooks } from '../monitoring/bundle/runbook-queries.ts';
import { startSimulation } from '../simulate/running.ts';
import { backendProgram, configured, skipReason, startBackend } from './backends.ts';
import { callQueries, type Line, lines, results, spansIn, spansReceived } from './call-queries.ts';
import { eventually, type RunningServer } from './programs.ts';
import { captured, shiftToNow } from './shift-time.ts';

const programs = { tempo: backendProgram('tempo'), loki: backendProgram('loki') };
const missing = (['tempo', 'loki'] as const).filter((name) => !programs[name]);

/** Filters that match everything. */
const filters = { agent: '.*', version: '.*', __range: '1h' };

/** Long enough for all uploads of a call to arrive. */
const soon = { settled: 5, unrecorded: 5, lost: 3600, announced: 0 };

/** Panels that are empty for these calls. */
const mayBeEmpty = {
  // An upload has no errors, and no room is recorded.
  simulated: ['Errors', 'Recording', 'Log of the agent'],
  uploaded: ['Errors', 'Recording'],
};

describe.skipIf(missing.length > 0)(
  `the boards of calls with a real Tempo and Loki ${missing.map(skipReason).join(' ')}`,
  () => {
    /** The number of spans that Tempo received before the simulated calls. */
    let received: number;
    const servers = {} as { tempo: RunningServer; loki: RunningServer };
    const calls = {} as Record<'simulated' | 'uploaded', { job: string; trace: string }>;
    const turns = '{service_name="livekit-agents"} | event_name="lk.turn"';
    const ended = '{service_name="livekit-agents"} | event_name="lk.session_end"';

    beforeAll(async () => {
      const endpoints = {} as Record<'tempo' | 'loki', string>;
      for (const name of ['tempo', 'loki'] as const) {
        const program = programs[name];
        if (!program) throw new Error(skipReason(name));
        const backend = await configured(name, program);
        servers[name] = await startBackend(backend);
        endpoints[name] = name === 'tempo' ? `http://127.0.0.1:${backend.otlpPort}` : servers.loki.url;
      }
      const keyFile = join(newFolder(), 'simulated.yml');
      const gateway = await startTestGateway({
        keys: { pair: key, files: [keyFile], reloadMs: 100 },
        forward: endpoints,
        measurementDelays: soon,
      });
      // The old call first, because Loki refuses lines that are half a day behind.
      await gateway.take(capturedOf('flush'));
      await eventually(
        async () => (await lines(servers.loki, turns, captured + 1800)).length || undefined,
        'the old call in Loki',
        60_000,
      );
      await gateway.take(capturedOf('full').map((request) => shiftToNow(withApostrophe(request))));

      received = await spansReceived(servers.tempo);
      vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', `${endpoints.tempo}/v1/traces`);
      vi.stubEnv('OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', `${endpoints.loki}/otlp/v1/logs`);
      vi.stubEnv('TALKGAUGE_RECORD', 'traces,logs,transcript');
      // The job exports and uploads: the gateway does not forward signals that a job exports itself.
      vi.stubEnv('LIVEKIT_OBSERVABILITY_URL', gateway.url);
      const run = startSimulation('--once', '--key-file', keyFile, '--speed', '3', '--rate', '60');
      try {
        expect(await run.exit()).toBe(0);
      } finally {
        await run.clean();
      }
      // All except the two with a lost process, which are not known to have ended yet.
      await eventually(
        async () =>
          (await gateway.metric('talkgauge_gateway_measured_sessions_total', { result: 'observed' })) === 8 ||
          undefined,
        'calls that their jobs measure',
        60_000,
      );
      await gateway.drained(20_000);
      const found = await eventually(
        async () => {
          const all = await lines(servers.loki, ended);
          return all.length > 5 && all.some(isUploaded) ? all : undefined;
        },
        'calls that ended',
        60_000,
      );
      const keysOf = ({ labels }: Line) => ({ job: labels.job_id ?? '', trace: labels.trace_id ?? '' });
      const withTools = found.find((line) => !isUploaded(line) && Number(line.labels.lk_tool_calls) > 0);
      calls.simulated = keysOf(withTools as Line);
      calls.uploaded = keysOf(found.find(isUploaded) as Line);
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await Promise.all(Object.values(servers).map((server) => server.stop()));
    });

    /** The results of each panel, once the sent data is visible. */
    const found = async (
      board: 'sessions' | 'session',
      variables: Record<string, string>,
      empty: readonly string[] = [],
    ) => {
      const counted: Record<string, number> = {};
      for (const query of callQueries(board, { ...filters, ...variables })) {
        const ask = async () => {
          const { length } = await results(query, servers);
          return length > 0 || empty.includes(query.panel) ? length : undefined;
        };
        counted[query.panel] = await eventually(ask, `${query.panel}: ${query.expr}`, 90_000);
      }
      return counted;
    };

    test('Sessions finds calls with each of its panels', async () => {
      const counted = await found('sessions', { slower: '1', words: 'thank' });
      expect(Object.keys(counted)).toHaveLength(11);
      // No turn takes an hour, so the variable at the top of the board has an effect.
      const slow = callQueries('sessions', { ...filters, slower: '3600', words: '' }).filter(({ panel }) =>
        ['Slowest turns', 'Slow turns', 'Traces with slow turns'].includes(panel),
      );
      expect(slow).toHaveLength(3);
      for (const query of slow) expect(await results(query, servers)).toEqual([]);
    });

    test('a call that its job both exports and uploads to a forwarding gateway is found once', async () => {
      const all = await lines(servers.loki, ended);
      const jobs = all.flatMap((line) => (isUploaded(line) ? [] : [line.labels.job_id]));
      expect(new Set(jobs).size).toBe(jobs.length);
      expect(jobs.length).toBeGreaterThanOrEqual(8);
      const closed = await lines(servers.loki, '{service_name="livekit-agents"} |= "AgentSession closed"');
      const closing = closed.flatMap((line) => (isUploaded(line) ? [] : [line.labels.job_id]));
      expect(closing.toSorted()).toEqual(jobs.toSorted());
      const started = await lines(servers.loki, ended.replace('session_end', 'session_start'));
      const traces = started.flatMap((line) => (isUploaded(line) ? [] : [line.labels.trace_id ?? '']));
      const spans = await spansIn(servers.tempo, new Set(traces));
      expect(spans).toBeGreaterThan(500);
      expect((await spansReceived(servers.tempo)) - received).toBe(spans);
    });

    test('Sessions lists calls of jobs and of the gateway, and searches the text of both', async () => {
      const queryFor = (words: string) =>
        callQueries('sessions', { ...filters, slower: '1', words }).find(
          ({ panel }) => panel === 'What was said',
        );
      const uploaded = (await results(queryFor('BOOK A TABLE') as never, servers)) as Line[];
      expect(uploaded.map(({ labels }) => labels.job_id)).toEqual(['AJ_full']);
      const apostrophe = (await results(queryFor("don't mind") as never, servers)) as Line[];
      expect(apostrophe.map(({ labels }) => labels.job_id)).toEqual(['AJ_full']);
      const simulated = (await results(queryFor('goodbye') as never, servers)) as Line[];
      expect(simulated.length).toBeGreaterThan(0);
      expect(simulated.filter(isUploaded)).toEqual([]);
      const named = { ...filters, slower: '1', words: '', agent: 'support-agent' };
      const query = callQueries('sessions', named).find(({ panel }) => panel === 'Calls');
      const ofAgent = (await results(query as never, servers)) as Line[];
      expect(ofAgent.map(({ labels }) => labels.job_id)).toEqual(['AJ_full']);
    });

    test.each(['simulated', 'uploaded'] as const)(
      'Session shows the same for a call that was %s, by its job and by its trace',
      async (kind) => {
        const { job, trace } = calls[kind];
        expect(trace).toMatch(/^[0-9a-f]{32}$/);
        const both = await found('session', { job_id: job, trace_id: trace }, mayBeEmpty[kind]);
        expect(Object.keys(both)).toHaveLength(11);
        const byTrace = await found('session', { ...unknownCall, trace_id: trace }, [
          ...mayBeEmpty[kind],
          'Traces of this job',
        ]);
        // Lines uploaded before the first span have no trace ID.
        const { 'Log of the agent': logged = 0 } = byTrace;
        if (kind === 'uploaded') expect(logged).toBeGreaterThan(0);
        expect({ ...byTrace, 'Traces of this job': 1, 'Log of the agent': both['Log of the agent'] }).toEqual(
          both,
        );
        const byJob = await found('session', { ...unknownCall, job_id: job }, [...mayBeEmpty[kind], 'Trace']);
        expect({ ...byJob, Trace: both.Trace }).toEqual(both);
        expect(byJob.Trace).toBe(0);
      },
    );

    test('LogQL queries of runbooks succeed', async () => {
      const asked = runbooks.flatMap(({ text }) => expressions(text, 'logql'));
      expect(asked.length).toBeGreaterThan(15);
      const found = new Map<string, number>();
      for (const expr of asked) {
        const ofAll = expr.replaceAll(/="(AGENT|VERSION|PROVIDER|TOOL)"/g, '=~".+"');
        found.set(expr, (await lines(servers.loki, ofAll)).length);
      }
      expect([...found.values()].filter((count) => count > 0).length).toBeGreaterThan(3);
    });

    test('a call uploaded days later is found immediately at its own time', async () => {
      const found = await lines(servers.loki, turns, captured + 1800);
      expect(found.length).toBeGreaterThan(0);
      expect(new Set(found.map(({ labels }) => labels.job_id))).toEqual(new Set(['AJ_flush']));
    });

    test('Session shows nothing until a call is chosen', async () => {
      for (const query of callQueries('session', unknownCall))
        expect(await results(query, servers), query.panel).toEqual([]);
    });

    test('a transcript has the messages of each speaker, and the events between them', async () => {
      const { job, trace } = calls.simulated;
      const query = callQueries('session', { job_id: job, trace_id: trace }).find(
        ({ panel }) => panel === 'Transcript',
      );
      const texts = ((await results(query as never, servers)) as Line[]).map(({ text }) => text);
      expect(texts).toContain('— session started');
      expect(texts.filter((text) => /^user: ./.test(text)).length).toBeGreaterThan(0);
      expect(texts.filter((text) => /^assistant( \(interrupted\))?: ./.test(text)).length).toBeGreaterThan(0);
      expect(texts.filter((text) => /^— \w+ (answered|failed)$/.test(text)).length).toBeGreaterThan(0);
    });
  },
);

/** The captured call with an apostrophe in the text of the caller. */
const withApostrophe = (request: Captured): Captured =>
  request.kind === 'logs'
    ? {
        ...request,
        body: Buffer.from(
          request.body.toString().replaceAll('book a table', "book a table, I don't mind which"),
        ),
      }
    : request;

const isUploaded = ({ labels }: Line): boolean => labels.job_id === 'AJ_full';
