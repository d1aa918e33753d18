import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { segmentAttributes } from '../../src/catalogue/conversation.ts';
import { total } from '../simulate/account.ts';
import { type Run, startSimulation } from '../simulate/running.ts';
import { type Backend, openBackend } from '../telemetry/backend.ts';
import type { Span } from '../telemetry/otlp.ts';
import { eventually, freePort, installed, isMissing, type RunningServer, startServer } from './programs.ts';

const programs = installed('prometheus', 'prometheus3');
const missing = isMissing(...programs);

/** A Prometheus that keeps exemplars, and scrapes one target every second. */
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

/** Every kind of call once, with a backend for traces and logs, and the conversations' words told to it. */
describe('the simulated call centre, with a backend', () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-telemetry-'));
  const metrics = join(folder, 'metrics.txt');
  const servers: Record<string, RunningServer> = {};
  let backend: Backend;
  let run: Run;
  let spans: Map<string, Span>;

  beforeAll(async () => {
    backend = await openBackend();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', backend.url);
    vi.stubEnv('EARSHOT_RECORD', 'traces,logs,transcript');
    run = startSimulation('--once', '--speed', '3', '--rate', '60', '--metrics', metrics);
    const target = (await run.url()).replace('http://', '');
    for (const command of missing ? [] : programs)
      servers[command] = await startPrometheus(command, folder, target);
    expect(await run.exit()).toBe(0);
    spans = new Map(backend.spans.map((span) => [span.spanId, span]));
  }, 300_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    await run?.clean();
    await backend?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('gives every kind of span that the SDK makes without a room', () => {
    const kinds = [
      'agent_session agent_speaking agent_turn drain_agent_activity eou_detection function_tool job_entrypoint',
      'llm_node llm_request llm_request_run on_enter on_exit realtime_inference start_agent_activity',
      'tts_node tts_request tts_request_run user_speaking user_turn',
    ].join(' ');
    const names = new Set(backend.spans.map(({ name }) => name));
    expect(kinds.split(' ').filter((name) => !names.has(name))).toEqual([]);
  });

  test('gives each job that was not killed one tree, of which no branch is missing', () => {
    // A session's own span ends last.
    const sessions = backend.spans.filter(({ name }) => name === 'agent_session');
    expect(sessions.length).toBeGreaterThanOrEqual(8);
    expect(new Set(sessions.map(({ traceId }) => traceId)).size).toBe(sessions.length);
    const whole = new Set(sessions.map(({ traceId }) => traceId));
    const torn = backend.spans.filter(
      ({ traceId, parentSpanId }) => whole.has(traceId) && parentSpanId !== '' && !spans.has(parentSpanId),
    );
    expect(backend.spans.filter(({ parentSpanId }) => parentSpanId === '').map(({ name }) => name)).toEqual(
      Array.from({ length: 10 }, () => 'job_entrypoint'),
    );
    expect(torn.map(({ name }) => name)).toEqual([]);
  });

  test('counts what it sends', () => {
    const exposition = readFileSync(metrics, 'utf8');
    // What a job counted in its last moments is lost if it is killed.
    const exported = total(exposition, 'earshot_spans_exported_total');
    expect(exported).toBeLessThanOrEqual(backend.spans.length);
    expect(exported).toBeGreaterThan(backend.spans.length * 0.9);
    expect(total(exposition, 'earshot_spans_dropped_total')).toBe(0);
    expect(total(exposition, 'earshot_log_records_dropped_total')).toBe(0);
  });

  test('says nothing of what was said in any span, or line of the log', () => {
    const records = backend.logs.filter(({ scope }) => scope === 'earshot.conversation');
    const said = records.flatMap(({ eventName, body, attributes }) =>
      eventName === 'lk.conversation_item'
        ? [body]
        : [attributes['lk.pii.function_tool.arguments'], attributes['lk.pii.function_tool.output']],
    );
    const texts = said.filter((text): text is string => typeof text === 'string' && text.length > 8);
    expect(texts.length).toBeGreaterThan(60);
    const lines = backend.logs.filter(({ scope }) => scope === 'livekit.agents');
    expect(lines.length).toBeGreaterThan(0);
    const elsewhere = JSON.stringify([backend.spans, lines]);
    expect(texts.filter((text) => elsewhere.includes(JSON.stringify(text).slice(1, -1)))).toEqual([]);
  });

  test('tells as many turns as the metrics count', () => {
    const exposition = readFileSync(metrics, 'utf8');
    const turns = backend.logs.filter(({ eventName }) => eventName === 'lk.turn');
    expect(turns.length).toBe(total(exposition, 'lk_agents_turns_total'));
    const tools = backend.logs.filter(({ eventName }) => eventName === 'lk.tool_call');
    expect(tools.length).toBe(total(exposition, 'lk_agents_tool_calls_total'));
  });

  test('a turn is told with what its latency consists of', () => {
    const turns = backend.logs
      .filter(({ eventName }) => eventName === 'lk.turn')
      .map(({ attributes }) => attributes);
    const explained = turns.filter((turn) => turn['lk.segment.unattributed'] !== undefined);
    expect(explained.length).toBeGreaterThan(5);
    const sum = (turn: (typeof turns)[number]) =>
      segmentAttributes.reduce((total, name) => total + Number(turn[name]), 0);
    expect(explained.filter((turn) => Math.abs(sum(turn) - Number(turn['lk.e2e_latency'])) > 1e-9)).toEqual(
      [],
    );
  });

  test.skipIf(missing).each(programs)(
    '%s gives exemplars of traces that exist, and of the spans of turns',
    async (command) => {
      const server = servers[command] as RunningServer;
      const found = await eventually(async () => {
        const some = await exemplars(server, 'lk_agents_turn_e2e_latency_seconds_bucket');
        return some.length > 5 ? some : undefined;
      }, 'exemplars');
      const traces = new Set(backend.spans.map(({ traceId }) => traceId));
      expect(found.filter(({ labels }) => !traces.has(labels.trace_id ?? ''))).toEqual([]);
      const names = new Set(found.map(({ labels }) => spans.get(labels.span_id ?? '')?.name));
      expect([...names]).toEqual(['agent_turn']);
      const requests = await exemplars(server, 'lk_agents_llm_ttft_seconds_bucket');
      expect(requests.length).toBeGreaterThan(5);
      expect(requests.filter(({ labels }) => !traces.has(labels.trace_id ?? ''))).toEqual([]);
    },
  );
});
