import type { Registry } from 'prom-client';
import type { MetricName } from '../catalogue/metrics.ts';

/** The terminal's figures of one agent, or of all. Latencies are in seconds; undefined: no data yet. */
export interface Row {
  agent: string;
  version: string;
  active: number;
  /** Sessions that ended without an error; each ended session counts in one of these three. */
  finished: number;
  /** Sessions that an error closed. */
  failed: number;
  /** Sessions whose job process died before they closed. */
  crashed: number;
  turns: number;
  errors: number;
  failedTools: number;
  p50: number | undefined;
  p95: number | undefined;
}

export interface Figures {
  total: Row;
  /** One row for each agent and version that has had a call. */
  rows: Row[];
  /** Unrecoverable errors by component; only components with errors. */
  errors: Readonly<Record<string, number>>;
}

/** Reads figures from the registry of /metrics, so that the terminal and Prometheus agree. */
export interface FigureReader {
  /** Counts since the start; quantiles over the window, as `histogram_quantile(…, rate(…[window]))` computes them. */
  read(): Promise<Figures>;
  /** Counts and quantiles since the start. */
  summarise(): Promise<Figures>;
}

interface Sample {
  labels: Readonly<Record<string, string | number>>;
  value: number;
  metricName?: string;
}

/** Cumulative bucket counts by upper bound, of one agent and version. */
type Buckets = Map<number, number>;

const all = ' ';
const keyOf = ({ labels }: Sample) => `${labels.agent_name} ${labels.agent_version}`;

/** @param windowMs the window of the quantiles of `read`. @default a minute */
export function readFigures(registry: Registry, windowMs = 60_000): FigureReader {
  const history: { at: number; latencies: Map<string, Buckets> }[] = [];

  const samples = async (name: MetricName): Promise<Sample[]> =>
    ((await registry.getSingleMetric(name)?.get())?.values ?? []) as Sample[];

  async function latencies(): Promise<Map<string, Buckets>> {
    const found = new Map<string, Buckets>();
    for (const sample of await samples('lk_agents_turn_e2e_latency_seconds')) {
      if (!sample.metricName?.endsWith('_bucket')) continue;
      const bound = sample.labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(sample.labels.le);
      for (const key of [all, keyOf(sample)]) {
        const buckets = found.get(key) ?? new Map<number, number>();
        buckets.set(bound, (buckets.get(bound) ?? 0) + sample.value);
        found.set(key, buckets);
      }
    }
    return found;
  }

  async function figures(
    now: Map<string, Buckets>,
    before: Map<string, Buckets> | undefined,
  ): Promise<Figures> {
    const rows = new Map<string, Row>();
    const total = emptyRow('all', '');
    const errors: Record<string, number> = {};
    const add = async (
      metric: MetricName,
      field: 'active' | Ended | 'turns' | 'errors' | 'failedTools',
      which: (labels: Sample['labels']) => boolean = () => true,
    ) => {
      for (const sample of await samples(metric)) {
        if (!which(sample.labels)) continue;
        const { agent_name, agent_version, component } = sample.labels;
        const row = rows.get(keyOf(sample)) ?? emptyRow(String(agent_name), String(agent_version));
        rows.set(keyOf(sample), row);
        row[field] += sample.value;
        total[field] += sample.value;
        if (field === 'errors' && component && sample.value > 0) {
          errors[component] = (errors[component] ?? 0) + sample.value;
        }
      }
    };
    await add('lk_agents_sessions_active', 'active');
    for (const ended of ['finished', 'failed', 'crashed'] as const)
      await add('lk_agents_sessions_total', ended, (labels) => endedBy(labels.close_reason) === ended);
    await add('lk_agents_turns_total', 'turns');
    await add('lk_agents_errors_total', 'errors', (labels) => labels.recoverable === 'false');
    await add('lk_agents_tool_calls_total', 'failedTools', (labels) => labels.outcome === 'error');
    for (const [key, row] of [[all, total] as const, ...rows]) {
      const grown = difference(now.get(key), before?.get(key));
      row.p50 = quantile(0.5, grown);
      row.p95 = quantile(0.95, grown);
    }
    const called = [...rows.values()].filter((row) => row.active + callsOf(row) > 0);
    return { total, errors, rows: called.sort((a, b) => a.agent.localeCompare(b.agent) || newer(a, b)) };
  }

  return {
    async read() {
      const at = performance.now();
      const now = await latencies();
      history.push({ at, latencies: now });
      // Keep the last sample before the window: it is the window's start value.
      while (history.length > 1 && (history[1]?.at ?? at) <= at - windowMs) history.shift();
      const [oldest] = history;
      return figures(now, oldest && oldest.at <= at - windowMs ? oldest.latencies : undefined);
    },
    async summarise() {
      return figures(await latencies(), undefined);
    },
  };
}

const emptyRow = (agent: string, version: string): Row => ({
  agent,
  version,
  active: 0,
  finished: 0,
  failed: 0,
  crashed: 0,
  turns: 0,
  errors: 0,
  failedTools: 0,
  p50: undefined,
  p95: undefined,
});

type Ended = 'finished' | 'failed' | 'crashed';

const endedBy = (reason: string | number | undefined): Ended =>
  reason === 'crashed' ? 'crashed' : reason === 'error' ? 'failed' : 'finished';

/** The number of ended calls, for any reason. */
export const callsOf = ({ finished, failed, crashed }: Row): number => finished + failed + crashed;

const newer = (a: Row, b: Row) => a.version.localeCompare(b.version, 'en', { numeric: true });

function difference(now: Buckets | undefined, before: Buckets | undefined): Buckets {
  return new Map([...(now ?? [])].map(([bound, count]) => [bound, count - (before?.get(bound) ?? 0)]));
}

/** PromQL's `histogram_quantile`: linear within a bucket; the highest finite bound for values above it. */
function quantile(q: number, buckets: Buckets): number | undefined {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const count = sorted.at(-1)?.[1] ?? 0;
  if (count === 0) return undefined;
  const rank = q * count;
  let lower = 0;
  let below = 0;
  for (const [bound, cumulative] of sorted) {
    if (cumulative >= rank) {
      if (bound === Number.POSITIVE_INFINITY) return lower;
      return lower + ((bound - lower) * (rank - below)) / (cumulative - below);
    }
    lower = bound;
    below = cumulative;
  }
  return lower;
}
