import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogue } from '../../src/catalogue/metrics.ts';
import type { Derivation, Observation } from '../../src/catalogue/observation.ts';
import { labelSets, zeroSince } from '../../src/catalogue/start-at-zero.ts';
import { type MetricsServer, serveMetrics } from '../../src/http/metrics-server.ts';
import { createRecorder, type Recorder } from '../../src/metrics/recorder.ts';
import { eventually, installed, isMissing, type RunningServer } from './programs.ts';
import { prometheusApi } from './prometheus-api.ts';
import { startPrometheus } from './servers.mjs';

/**
 * Compares `increase()` over a run, from before a worker's first job, with the counts of its jobs: for every counter and
 * histogram of the catalogue, in real servers. One of the servers ignores creation timestamps, which shows their purpose.
 */
const identity = { agent_name: 'front-desk', agent_version: '1.4' };
const open = {
  model_provider: 'acme',
  model_name: 'm-1',
  tool: 'book',
  nodename: 'host',
  metric: 'm',
  type: 't',
  label: 'l',
};
const derivation: Derivation = {
  from: 'lk_agents_billable_usage_total',
  revision: 1,
  of: ({ unit = '', ...labels }) =>
    unit === 'input_tokens'
      ? [{ metric: 'lk_agents_cost_usd_total', labels, factor: 2 }]
      : [{ metric: 'lk_agents_cost_unpriced_usage_total', labels: { ...labels, unit }, factor: 1 }],
};

const counters = Object.keys(catalogue).filter((name) => catalogue[name]?.type === 'counter');
const histograms = Object.keys(catalogue).filter((name) => catalogue[name]?.type === 'histogram');
const recordedByJobs = counters.filter((name) => !catalogue[name]?.derived);
/** Among counters that start each other's series, the one that is counted first here. */
const first = [
  'lk_agents_interruption_requests_total',
  'talkgauge_spans_exported_total',
  'talkgauge_log_records_exported_total',
];
const isFirst = (name: string) => zeroSince(name, catalogue) !== 'another series' || first.includes(name);

/** The label sets of a metric of one agent with one model of each kind and one tool. */
function labelSetsOf(name: string): Record<string, string>[] {
  const sets = labelSets(catalogue[name]!, {}, open);
  // The other units belong to other components.
  const llm = ['input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens'];
  if (name === derivation.from)
    return sets.filter(({ component, unit = '' }) => component === 'llm' && llm.includes(unit));
  // Without a model, no request starts the series.
  return name === 'lk_agents_errors_total' ? sets.filter(({ component }) => component !== 'other') : sets;
}

/** The counts of the jobs. */
class JobCounts {
  readonly #counted = new Map<string, number>();

  count(recorder: Recorder, metric: string, labels: Record<string, string>, value: number): void {
    recorder.record({ metric, labels, value } as Observation, identity);
    this.#add(metric, labels, value);
    if (metric !== derivation.from) return;
    for (const { metric: derived, labels: of, factor } of derivation.of(labels))
      this.#add(derived, of, value * factor);
  }

  total(metric: string): number {
    return [...this.#counted].reduce(
      (sum, [key, value]) => (key.startsWith(`${metric} `) ? sum + value : sum),
      0,
    );
  }

  #add(metric: string, labels: Readonly<Record<string, string>>, value: number): void {
    const key = `${metric} ${JSON.stringify(Object.entries(labels).toSorted())}`;
    this.#counted.set(key, (this.#counted.get(key) ?? 0) + value);
  }
}

const servers = installed('prometheus', 'prometheus3');
describe.skipIf(isMissing(...servers)).each(servers)('%s', (command) => {
  const createdTimes = command === 'prometheus3';
  const account = new JobCounts();
  let recorder = createRecorder({ derivation });
  let page: MetricsServer;
  let server: RunningServer;
  let api: ReturnType<typeof prometheusApi>;
  /** The time of the last scrape. The run ends with its samples, so nothing is extrapolated beyond them. */
  let end: number;
  const now = () => Date.now() / 1000;
  const marker = { metric: 'lk_agents_sessions_active', labels: {} } as const;

  /** Waits for a scrape of everything recorded so far. */
  async function scraped(): Promise<void> {
    recorder.record({ ...marker, value: 1 }, identity);
    const state = Number(
      (await recorder.expose('text')).match(/^lk_agents_sessions_active\{.*\} (\d+)$/m)?.[1],
    );
    end = await eventually(
      async () => {
        const at = now();
        const [found] = await api.at(`${marker.metric} == ${state}`, at);
        const [sample] = found ? await api.at(`timestamp(${marker.metric})`, at) : [];
        return sample?.values[0]?.[1];
      },
      'a scrape',
      60_000,
    );
  }
  const increase = async (name: string, by = '') => {
    const found = await api.at(`sum${by} (increase(${name}[1h]))`, end);
    return found[0]?.values[0]?.[1] ?? 0;
  };
  const increases = async (names: readonly string[]) =>
    Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, round(await increase(name))] as const)),
    );
  const counted = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, round(account.total(name))]));

  beforeAll(async () => {
    recorder.introduce(identity);
    page = await serveMetrics({ expose: (format) => recorder.expose(format), port: 0 });
    const target = { targets: [page.url.replace('http://', '')] };
    server = await startPrometheus({
      command,
      features: createdTimes ? ['created-timestamp-zero-ingestion'] : [],
      config: {
        global: { scrape_interval: '1s', scrape_timeout: '1s' },
        scrape_configs: [{ job_name: 'agents', static_configs: [target] }],
      },
    });
    api = prometheusApi(server.url);
    await scraped();

    // The counters of the first call start the series of their labels.
    for (const name of recordedByJobs.filter(isFirst))
      account.count(recorder, name, labelSetsOf(name)[0]!, 2);
    for (const name of histograms) {
      recorder.record({ metric: name, labels: labelSetsOf(name)[0]!, value: 0.25 } as Observation, identity);
    }
    await scraped();

    // Later calls: a first failure, first cached tokens, a first backchannel.
    for (const name of recordedByJobs) {
      for (const labels of labelSetsOf(name)) account.count(recorder, name, labels, 3);
    }
    // For a series with few samples, increase() may extrapolate the value before the first sample.
    for (let scrapes = 0; scrapes < 5; scrapes++) await scraped();
  }, 180_000);
  afterAll(async () => {
    await server?.stop();
    await page?.close();
  });

  test('creation timestamps add no series', async () => {
    expect(await api.at('{__name__=~".+_created"}', end)).toEqual([]);
  });

  if (createdTimes) {
    test('increase() over the run equals the counts of the jobs, for every counter', async () => {
      expect(await increases(counters)).toEqual(counted(counters));
      expect(Object.values(counted(counters)).every((value) => value > 0)).toBe(true);
    });

    test('increase() over the run equals the observations of the jobs, for every histogram', async () => {
      const names = histograms.flatMap((name) => [
        `${name}_count`,
        `${name}_sum`,
        `${name}_bucket{le="+Inf"}`,
      ]);
      const expected = names.map((name) => [name, name.endsWith('_sum') ? 0.25 : 1]);
      expect(await increases(names)).toEqual(Object.fromEntries(expected));
    });
  } else {
    test('increase() over the run equals the counts of the jobs, except for first events without an earlier series', async () => {
      const [found, expected] = [await increases(counters), counted(counters)];
      const missing = counters.filter((name) => found[name]! < expected[name]!);
      const itself = counters.filter((name) => zeroSince(name, catalogue) === 'itself');
      expect(missing.toSorted()).toEqual([...itself, ...first].toSorted());
      const others = counters.filter((name) => !missing.includes(name));
      expect(Object.fromEntries(others.map((name) => [name, found[name]]))).toEqual(counted(others));
    });
  }

  test("a tool's first failure, a model's first error and the first backchannel are seen", async () => {
    const errors = 'lk_agents_errors_total{component="tts",recoverable="false"}';
    const seen = [
      'lk_agents_tool_calls_total{outcome="error"}',
      'lk_agents_llm_requests_total{outcome="error"}',
      errors,
      'lk_agents_interruption_backchannels_total',
      'lk_agents_usage_llm_input_cached_tokens_total',
    ];
    expect(Object.values(await increases(seen))).toEqual([3, 3, 3, 3, 3]);
  });

  test('a restart with a higher count at the first scrape than before the restart', async () => {
    const calls = 'lk_agents_tool_calls_total';
    recorder = createRecorder({ derivation });
    // The marker distinguishes this scrape from the previous one.
    recorder.record({ ...marker, value: 10 }, identity);
    account.count(recorder, calls, { tool: 'book', outcome: 'ok' }, 100);
    await scraped();
    const found = await increase(`${calls}{outcome="ok"}`);
    // 5 before the restart and 100 after: without the creation timestamp, the increase would be 95.
    if (createdTimes) expect(round(found)).toBe(105);
    else expect(found).toBeLessThan(104);
  });
});

const round = (value: number) => Math.round(value * 1e6) / 1e6;
