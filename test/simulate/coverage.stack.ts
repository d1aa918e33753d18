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
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { segmentAttributes } from '../../src/catalogue/conversation.ts';
import { catalogue } from '../../src/catalogue/metrics.ts';
import { type Backend, openBackend } from '../agent/telemetry/backend.ts';
import type { Log, Span } from '../agent/telemetry/otlp.ts';
import {
  eventually,
  freePort,
  installed,
  isMissing,
  type RunningServer,
  startServer,
} from '../stack/programs.ts';
import { type Expectation, expectations, readOracle, total } from './account.ts';
import { type Run, startSimulation } from './running.ts';

const programs = installed('prometheus', 'prometheus3');
const missing = isMissing(...programs);

/** A Prometheus that stores exemplars and scrapes one target every second. */
async function startPrometheus(command: string, folder: string, target: string): Promise<RunningServer> {
  const port = await freePort();
  const config = join(folder, `${command}.yml`);
  const scrape = { job_name: 'agents', scrape_interval: '1s', static_configs: [{ targets: [target] }] };
  writeFileSync(config, JSON.stringify({ scrape_configs: [scrape] }));
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, command)}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--enable-feature=exemplar-storage',
  ];
  return startServer(command, args, port);
}

interface Exemplar {
  labels: { trace_id?: string; span_id?: string };
}

async function exemplars(server: RunningServer, query: string): Promise<Exemplar[]> {
  const now = Date.now() / 1000;
  const parameters = new URLSearchParams({ query, start: `${now - 900}`, end: `${now + 60}` });
  const response = await fetch(`${server.url}/api/v1/query_exemplars?${parameters}`);
  const answer = (await response.json()) as { data: { exemplars: Exemplar[] }[] };
  return answer.data.flatMap(({ exemplars }) => exemplars);
}

/**
 * One complete run with real processes: every scene once, speech at three times the speed, with a backend for
 * traces and logs that includes transcripts.
 */
describe('a run of the simulated call centre', () => {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-oracle-'));
  const oracle = join(folder, 'jobs');
  const metrics = join(folder, 'metrics.txt');
  const data = join(folder, 'data');
  const servers: Record<string, RunningServer> = {};
  let backend: Backend;
  let run: Run;
  let code: unknown;
  let exposition: string;
  let expected: Expectation[];
  let spans: Span[];
  let logs: Log[];

  beforeAll(async () => {
    const counted = ['--oracle', oracle, '--metrics', metrics];
    backend = await openBackend();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', backend.url);
    vi.stubEnv('TALKGAUGE_RECORD', 'traces,logs,transcript');
    run = startSimulation('--once', '--speed', '3', '--rate', '60', '--data', data, ...counted);
    vi.unstubAllEnvs();
    const target = (await run.url()).replace('http://', '');
    for (const command of missing ? [] : programs)
      servers[command] = await startPrometheus(command, folder, target);
    code = await run.exit();
    spans = [...backend.spans];
    logs = [...backend.logs];
    exposition = readFileSync(metrics, 'utf8');
    expected = expectations(readOracle(oracle));
  });
  afterAll(async () => {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    await run?.clean();
    await backend?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('exits after its calls', () => {
    expect({ code, output: run.output() }).toEqual({
      code: 0,
      output: expect.stringMatching(/^metrics http.*10 calls and \d\d turns in /s),
    });
  });

  test('leaves no processes and no files', () => {
    expect([run.leftProcesses(), run.leftFiles()]).toEqual([[], []]);
  });

  test('has uploaded each call, with transcript and audio unless its process was lost', () => {
    const sessions = readdirSync(join(data, 'sessions'));
    expect(sessions).toHaveLength(10);
    const jobsWith = (file: string) =>
      sessions.filter((session) => existsSync(join(data, 'sessions', session, file))).length;
    expect([jobsWith('spans.jsonl'), jobsWith('transcript.json'), jobsWith('audio.ogg')]).toEqual([10, 8, 8]);
  });

  const reports = join(data, 'reports');
  const written = (kind: string) => readdirSync(reports).filter((name) => name.endsWith(kind));
  const outcomes = (shown: string) =>
    ['written', 'uploaded', 'failed', 'deadline', 'recovered'].map((outcome) =>
      total(shown, 'talkgauge_session_reports_total', { outcome }),
    );

  test('has written a report of the events of each call, unless its process was lost', () => {
    // On a slow machine, the first lost calls are more than a minute ago.
    const [ok = 0, uploaded, failed, late, recovered = 0] = outcomes(exposition);
    expect([ok, uploaded, failed, late, recovered + written('.journal').length]).toEqual([8, 0, 0, 0, 2]);
    expect(written('.json')).toHaveLength(8 + recovered);
    const read = written('.json').map((name) => JSON.parse(readFileSync(join(reports, name), 'utf8')));
    const whole = read.filter(({ closeReason }) => closeReason !== 'crashed');
    expect(whole.map(({ jobId }) => jobId).every((id) => /^AJ_[0-9a-z]+_\d{5}$/.test(id))).toBe(true);
    expect(whole.filter(({ counts, durationSeconds }) => counts.turns < 1 || durationSeconds < 1)).toEqual(
      [],
    );
    const tools = whole.reduce((sum, { counts }) => sum + counts.toolCalls, 0);
    expect(tools).toBeGreaterThan(5);
    expect(tools).toBeLessThanOrEqual(total(exposition, 'lk_agents_tool_calls_total'));
  });

  test('lets the next worker write the reports of lost calls from their journals', async () => {
    const minutesAgo = Date.now() / 1000 - 180;
    const lost = written('.journal');
    for (const name of lost) utimesSync(join(reports, name), minutesAgo, minutesAgo);
    const next = join(folder, 'next.txt');
    const again = startSimulation('--calls', '1', '--speed', '3', '--data', data, '--metrics', next);
    expect(await again.exit()).toBe(0);
    await again.clean();
    expect(outcomes(readFileSync(next, 'utf8'))).toEqual([1, 0, 0, 0, lost.length]);
    expect([written('.json').length, written('.journal').length]).toEqual([11, 0]);
  });

  test('has samples in every series that the SDK can emit without a room', () => {
    const empty = Object.entries(catalogue)
      .filter(([name, { needsRoom }]) => name.startsWith('lk_agents_') && !needsRoom)
      .filter(([name, { type }]) => {
        if (type === 'histogram') return total(exposition, `${name}_count`) === 0;
        // Gauges are back at 0 at the end, so only their existence is tested.
        return type === 'gauge' ? !exposition.includes(`\n${name}{`) : total(exposition, name) === 0;
      })
      .map(([name]) => name);
    expect(empty).toEqual([]);
  });

  test('counts exactly the events of its jobs', () => {
    const found = expected.map(({ series, labels, value }) => ({
      series,
      labels,
      value:
        Math.abs(total(exposition, series, labels) - value) < 1e-6
          ? value
          : total(exposition, series, labels),
    }));
    expect(found).toEqual(expected);
  });

  test('has values above 0 in each of these series', () => {
    expect(expected.filter(({ value }) => value === 0)).toEqual([]);
  });

  test('has each kind of job end: normal, crash and signal', () => {
    const exits = ['finished', 'crashed', 'killed'].map((outcome) =>
      total(exposition, 'lk_agents_job_exits_total', { outcome }),
    );
    // The uncaught exception, the throwing entry function, and the job that kills itself.
    expect(exits).toEqual([7, 2, 1]);
  });

  test('has successful, failed and cancelled requests', () => {
    const requests = (outcome: string) =>
      ['llm', 'tts', 'realtime'].map((model) =>
        total(exposition, `lk_agents_${model}_requests_total`, { outcome }),
      );
    const [llm = 0, tts = 0, realtime = 0] = requests('ok');
    expect([llm > 20, tts > 30, realtime > 8]).toEqual([true, true, true]);
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    expect(sum(requests('cancelled'))).toBeGreaterThan(1);
    expect(sum(requests('error'))).toBeGreaterThan(1);
  });

  test('loses no samples', () => {
    expect(total(exposition, 'talkgauge_samples_dropped_total')).toBe(0);
    expect(total(exposition, 'lk_agents_sessions_active')).toBe(0);
  });

  test('has every kind of span that the SDK creates without a room', () => {
    const kinds = [
      'agent_session agent_speaking agent_turn drain_agent_activity eou_detection function_tool job_entrypoint',
      'llm_node llm_request llm_request_run on_enter on_exit realtime_inference start_agent_activity',
      'tts_node tts_request tts_request_run user_speaking user_turn',
    ].join(' ');
    const names = new Set(spans.map(({ name }) => name));
    expect(kinds.split(' ').filter((name) => !names.has(name))).toEqual([]);
  });

  test('has one complete span tree for each job that was not killed', () => {
    // A session's own span ends last.
    const sessions = spans.filter(({ name }) => name === 'agent_session');
    expect(sessions.length).toBeGreaterThanOrEqual(8);
    expect(new Set(sessions.map(({ traceId }) => traceId)).size).toBe(sessions.length);
    const byId = new Set(spans.map(({ spanId }) => spanId));
    const whole = new Set(sessions.map(({ traceId }) => traceId));
    const torn = spans.filter(
      ({ traceId, parentSpanId }) => whole.has(traceId) && parentSpanId !== '' && !byId.has(parentSpanId),
    );
    expect(spans.filter(({ parentSpanId }) => parentSpanId === '').map(({ name }) => name)).toEqual(
      Array.from({ length: 10 }, () => 'job_entrypoint'),
    );
    expect(torn.map(({ name }) => name)).toEqual([]);
  });

  test('counts the spans and records that it sends', () => {
    // The last counts of a killed job are lost.
    const exported = total(exposition, 'talkgauge_spans_exported_total');
    expect(exported).toBeLessThanOrEqual(spans.length);
    expect(exported).toBeGreaterThan(spans.length * 0.9);
    expect(total(exposition, 'talkgauge_spans_dropped_total')).toBe(0);
    expect(total(exposition, 'talkgauge_log_records_dropped_total')).toBe(0);
  });

  test('has no transcript text in spans or log lines', () => {
    const records = logs.filter(({ scope }) => scope === 'talkgauge.conversation');
    const said = records.flatMap(({ eventName, body, attributes }) =>
      eventName === 'lk.conversation_item'
        ? [body]
        : [attributes['lk.pii.function_tool.arguments'], attributes['lk.pii.function_tool.output']],
    );
    const texts = said.filter((text): text is string => typeof text === 'string' && text.length > 8);
    expect(texts.length).toBeGreaterThan(60);
    const lines = logs.filter(({ scope }) => scope === 'livekit.agents');
    expect(lines.length).toBeGreaterThan(0);
    const elsewhere = JSON.stringify([spans, lines]);
    expect(texts.filter((text) => elsewhere.includes(JSON.stringify(text).slice(1, -1)))).toEqual([]);
  });

  test('has as many turn records as the metrics count', () => {
    const turns = logs.filter(({ eventName }) => eventName === 'lk.turn');
    expect(turns.length).toBe(total(exposition, 'lk_agents_turns_total'));
    const tools = logs.filter(({ eventName }) => eventName === 'lk.tool_call');
    expect(tools.length).toBe(total(exposition, 'lk_agents_tool_calls_total'));
  });

  test('has turn records with the segments of their latency', () => {
    const turns = logs.filter(({ eventName }) => eventName === 'lk.turn').map(({ attributes }) => attributes);
    const explained = turns.filter((turn) => turn['lk.segment.unattributed'] !== undefined);
    expect(explained.length).toBeGreaterThan(5);
    const sum = (turn: (typeof turns)[number]) =>
      segmentAttributes.reduce((total, name) => total + Number(turn[name]), 0);
    expect(explained.filter((turn) => Math.abs(sum(turn) - Number(turn['lk.e2e_latency'])) > 1e-9)).toEqual(
      [],
    );
  });

  test.skipIf(missing).each(programs)(
    '%s has exemplars of existing traces and of turn spans',
    async (command) => {
      const server = servers[command] as RunningServer;
      const found = await eventually(async () => {
        const some = await exemplars(server, 'lk_agents_turn_e2e_latency_seconds_bucket');
        return some.length > 5 ? some : undefined;
      }, 'exemplars');
      const traces = new Set(spans.map(({ traceId }) => traceId));
      expect(found.filter(({ labels }) => !traces.has(labels.trace_id ?? ''))).toEqual([]);
      const names = new Set(
        found.map(({ labels }) => spans.find(({ spanId }) => spanId === labels.span_id)?.name),
      );
      expect([...names]).toEqual(['agent_turn']);
      const requests = await exemplars(server, 'lk_agents_llm_ttft_seconds_bucket');
      expect(requests.length).toBeGreaterThan(5);
      expect(requests.filter(({ labels }) => !traces.has(labels.trace_id ?? ''))).toEqual([]);
    },
  );
});
