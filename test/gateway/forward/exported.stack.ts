import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { conversationScope } from '../../../src/catalogue/conversation.ts';
import { type Backend, openBackend } from '../../agent/telemetry/backend.ts';
import { keepUntilEnd } from '../../closing.ts';
import { callOf, pair, withJavaScriptWorker } from '../javascript.ts';
import { noDelays, waitForResult } from '../metrics/series.ts';
import { newFolder, type Running, startTestGateway } from '../running.ts';

keepUntilEnd();
vi.setConfig({ testTimeout: 300_000 });
const backends: Backend[] = [];
afterAll(async () => {
  await Promise.all(backends.map((backend) => backend.close()));
});

const plan = callOf('lookup');

interface Run {
  /** The job's environment, given the backend's address. */
  env?: (url: string) => Record<string, string>;
  record?: object;
  /** Whether the gateway forwards signals that jobs export themselves. */
  exported?: boolean;
}

/** Runs a call that is uploaded to a gateway. The gateway forwards to a backend to which the job may export, too. */
async function run({ env = () => ({}), record, exported }: Run) {
  const backend = await openBackend();
  backends.push(backend);
  const gateway = await startTestGateway({
    keys: { pair },
    measurementDelays: noDelays,
    forward: { tempo: backend.url, loki: backend.url, ...(exported && { exported }) },
  });
  const variables = {
    LOG_LEVEL: 'debug',
    TALKGAUGE_REPORTS: newFolder(),
    OTEL_BSP_SCHEDULE_DELAY: '100',
    ...env(backend.url),
  };
  await withJavaScriptWorker('observed-call.mjs', gateway.url, variables, async (worker) => {
    const log = join(newFolder(), 'job.jsonl');
    await worker.run({ directory: newFolder(), log, plan, record });
    await until(() => expect(readFileSync(log, 'utf8')).toContain('"exit"'));
  });
  await gateway.drained(20_000);
  await waitForResult(gateway, 'observed');
  return { gateway, backend, ...contentsOf(backend) };
}

/** Occurrences by key. */
function countOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);

const otlp = (url: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 90_000, interval: 250 });

/** Reads the contents of a backend. */
function contentsOf(backend: Backend) {
  const recordCount = (name: string) =>
    backend.logs.filter(({ attributes }) => attributes['event.name'] === name).length;
  return {
    spansIn: () => countOf(backend.spans.map(({ spanId }) => spanId)),
    namesIn: () => new Set(backend.spans.map(({ name }) => name)),
    linesIn: () =>
      countOf(
        backend.logs
          .filter(({ scope }) => scope !== conversationScope)
          .map(({ at, body }) => `${Math.round(at)} ${body}`),
      ),
    recordCount,
    /** Waits until the conversation and the report records have arrived this many times. */
    waitForRecords: (times: number, reports = times) =>
      until(() =>
        expect(['lk.session_start', 'lk.session_end', 'lk.session_report'].map(recordCount)).toEqual([
          times,
          times,
          reports,
        ]),
      ),
  };
}

/** The stored data of the only session. */
async function stored(gateway: Running) {
  const { sessions } = await gateway.json('/api/sessions');
  const [{ id }] = sessions;
  const { spans } = await gateway.json(`/api/sessions/${id}/trace`);
  const { logs } = await gateway.json(`/api/sessions/${id}/logs?limit=1000`);
  return {
    spans: (spans as { spanId: string }[]).map(({ spanId }) => spanId),
    lines: countOf(
      (logs as { at: number; message: string }[]).map(
        ({ at, message }) => `${Math.round(at * 1000)} ${message}`,
      ),
    ),
    text: JSON.stringify([spans, logs]),
  };
}

const skipped = (gateway: Running, destination: string) =>
  gateway.metric('talkgauge_gateway_forward_left_out_total', { destination });
const forwarded = (gateway: Running, destination: string) =>
  gateway.metric('talkgauge_gateway_forwarded_total', { destination });

describe.concurrent('a job that sends its traces and logs itself', () => {
  test('is in Tempo and Loki once, and complete on the page', async () => {
    const { gateway, backend, spansIn, linesIn, recordCount, waitForRecords } = await run({ env: otlp });
    const { spans, lines, text } = await stored(gateway);
    // Until the gateway has also skipped the conversation.
    await until(async () => expect(await skipped(gateway, 'loki')).toBeGreaterThan(sum(lines) + 3));
    expect(spans.length).toBeGreaterThan(15);
    expect(spans.filter((id) => spansIn().get(id) !== 1)).toEqual([]);
    expect(lines.size).toBeGreaterThan(20);
    expect([...lines.keys()].filter((line) => linesIn().has(line)).length).toBeGreaterThan(15);
    // The SDK logs some lines twice within a millisecond.
    expect([...lines].filter(([line, count]) => (linesIn().get(line) ?? count) !== count)).toEqual([]);
    await waitForRecords(1);
    expect(recordCount('lk.turn')).toBeGreaterThanOrEqual(1);
    expect([await forwarded(gateway, 'tempo'), await forwarded(gateway, 'loki')]).toEqual([0, 0]);
    expect(await skipped(gateway, 'tempo')).toBe(spans.length);
    // Attributes meant for the gateway are in no backend.
    expect(`${text}${JSON.stringify([backend.spans, backend.logs])}`).not.toContain('talkgauge.exported');
  });

  test('decides what is exported: turns that it leaves out are on the page only', async () => {
    const { gateway, spansIn, namesIn } = await run({
      env: (url) => ({ ...otlp(url), TALKGAUGE_TURN_RATIO: '0', TALKGAUGE_SLOW_TURN_SECONDS: '600' }),
    });
    const { spans } = await stored(gateway);
    const there = spansIn();
    expect(spans.filter((id) => !there.has(id)).length).toBeGreaterThan(5);
    expect([...there.values()].filter((count) => count !== 1)).toEqual([]);
    expect(namesIn()).toContain('agent_session');
    expect(await forwarded(gateway, 'tempo')).toBe(0);
  });

  test('is forwarded anyway if it exports to another backend', async () => {
    const { gateway, backend, spansIn, waitForRecords } = await run({ env: otlp, exported: true });
    const { spans } = await stored(gateway);
    expect(spans.filter((id) => spansIn().get(id) !== 2)).toEqual([]);
    await waitForRecords(2);
    expect([await skipped(gateway, 'tempo'), await skipped(gateway, 'loki')]).toEqual([0, 0]);
    expect(JSON.stringify([backend.spans, backend.logs])).not.toContain('talkgauge.exported');
  });
});

describe.concurrent('signals that a job does not export itself are forwarded', () => {
  test('traces, if it exports only logs', async () => {
    const { gateway, spansIn, waitForRecords } = await run({
      env: (url) => ({ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${url}/v1/logs` }),
    });
    const { spans, lines } = await stored(gateway);
    expect(spans.filter((id) => spansIn().get(id) !== 1)).toEqual([]);
    await until(async () => expect(await skipped(gateway, 'loki')).toBeGreaterThan(sum(lines) + 3));
    await waitForRecords(1);
    expect([await skipped(gateway, 'tempo'), await forwarded(gateway, 'loki')]).toEqual([0, 0]);
  });

  test('logs and conversation, if it exports only traces', async () => {
    const { gateway, linesIn, waitForRecords } = await run({
      env: (url) => ({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces` }),
    });
    const { lines } = await stored(gateway);
    expect(linesIn()).toEqual(lines);
    await waitForRecords(1);
    expect([await forwarded(gateway, 'tempo'), await skipped(gateway, 'loki')]).toEqual([0, 0]);
  });

  test('the report, if it writes no report itself', async () => {
    const { gateway, backend, waitForRecords } = await run({
      env: (url) => ({ ...otlp(url), TALKGAUGE_REPORTS: '' }),
    });
    await waitForRecords(1);
    const [report] = backend.logs.filter(({ eventName, attributes }) =>
      [eventName, attributes['event.name']].includes('lk.session_report'),
    );
    expect(report?.body).toBe('session report received');
    expect([await forwarded(gateway, 'tempo'), await forwarded(gateway, 'loki')]).toEqual([0, 1]);
  });

  test('signals that the session switches off', async () => {
    const { gateway, spansIn, linesIn, waitForRecords } = await run({
      env: otlp,
      record: { traces: false, logs: false },
    });
    const { spans, lines } = await stored(gateway);
    expect(spans.filter((id) => spansIn().get(id) !== 1)).toEqual([]);
    expect([...lines].filter(([line, count]) => linesIn().get(line) !== count)).toEqual([]);
    await waitForRecords(1);
  });

  test('all signals, if it has no backend', async () => {
    const { gateway, spansIn, linesIn, waitForRecords } = await run({});
    const { spans, lines } = await stored(gateway);
    expect([...spansIn().keys()].toSorted()).toEqual(spans.toSorted());
    expect(linesIn()).toEqual(lines);
    await waitForRecords(1);
    expect([await skipped(gateway, 'tempo'), await skipped(gateway, 'loki')]).toEqual([0, 0]);
  });
});
