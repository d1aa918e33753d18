import { sampleOf } from '../agent/worker/exposition.ts';
import { lines } from './call-queries.ts';
import { availableServices, type Project } from './compose-project.ts';
import { eventually } from './programs.ts';
import { prometheusApi } from './prometheus-api.ts';

async function json(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** A call of the demo, with its IDs. */
export interface Call {
  /** The job ID: the session ID in the gateway, and an attribute of log lines. */
  id: string;
  traceId: string;
}

interface Session {
  id: string;
  status: string;
  hasAudio: boolean;
  bytes: number;
  traceIds: string[];
}

export interface Rule {
  name: string;
  query: string;
  /** The evaluation interval of its group, in seconds. */
  interval: number;
  health: string;
  lastError?: string;
}

/** Queries the data in the servers of a project. */
export function dataOf({ urls, compose }: Project) {
  const prometheus = prometheusApi(urls.prometheus);
  const server = (name: 'loki' | 'tempo') => ({ url: urls[name], log: () => '', stop: async () => {} });
  const token = async () => (await compose('exec', '-T', 'gateway', 'cat', '/data/token')).trim();
  const read = async (path: string) =>
    fetch(`${urls.gateway}${path}`, { headers: { authorization: `Bearer ${await token()}` } });
  const sessions = async (): Promise<Session[]> =>
    (await (await read('/api/sessions?limit=200')).json()).sessions;
  const session = async (id: string): Promise<Session> => (await read(`/api/sessions/${id}`)).json();
  /** Calls with all uploads of their jobs. */
  const completed = async () =>
    (await sessions()).filter(({ status }) => status === 'complete').map(({ id }) => id);

  return {
    read,
    session,
    completed,
    /** Waits for an ended call with audio other than these. */
    async newCall(known: readonly string[] = []): Promise<Call> {
      const id = await eventually(
        async () =>
          (await sessions()).find(
            (found) => found.status === 'complete' && found.hasAudio && !known.includes(found.id),
          )?.id,
        'a call in the gateway',
        300_000,
      );
      const { traceIds } = await session(id);
      return { id, traceId: traceIds[0] ?? '' };
    },
    /** The number of session-end lines of a call in Loki. */
    inLoki: async ({ id }: Call) =>
      (
        await lines(
          server('loki'),
          `{service_name="livekit-agents"} | job_id="${id}" | event_name="lk.session_end"`,
        )
      ).length,
    /** IDs of the spans of a call in Tempo. */
    async inTempo({ traceId }: Call): Promise<string[]> {
      const response = await fetch(`${urls.tempo}/api/traces/${traceId}`);
      if (response.status === 404) return [];
      const { batches = [] } = (await response.json()) as {
        batches?: { scopeSpans: { spans: { spanId: string }[] }[] }[];
      };
      return batches
        .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ spanId }) => spanId)))
        .toSorted();
    },
    /** Exemplars of latencies in Prometheus that refer to a call. */
    async inPrometheus({ traceId }: Call): Promise<number> {
      const now = Date.now() / 1000;
      const { data } = await json(
        `${urls.prometheus}/api/v1/query_exemplars?${new URLSearchParams({
          query: 'lk_agents_turn_e2e_latency_seconds_bucket',
          start: String(now - 3600),
          end: String(now),
        })}`,
      );
      const found = data as { exemplars: { labels: { trace_id?: string } }[] }[];
      return found.flatMap(({ exemplars }) => exemplars.filter(({ labels }) => labels.trace_id === traceId))
        .length;
    },
    /** The number of samples of some series in Prometheus in the 15 minutes before a time. */
    async samples(end: number): Promise<number> {
      const names = ['up', 'lk_agents_turn_e2e_latency_seconds_bucket', 'talkgauge_gateway_sessions'];
      const counts = names.map((name) => `sum(count_over_time(${name}[15m]))`);
      const [total] = await prometheus.at(counts.join(' + '), end);
      return total?.values[0]?.[1] ?? 0;
    },
    targets: async (): Promise<
      { labels: { job: string; instance: string }; health: string; lastError: string }[]
    > => (await json(`${urls.prometheus}/api/v1/targets?state=active`)).data.activeTargets,
    async rules(): Promise<Rule[]> {
      const { data } = await json(`${urls.prometheus}/api/v1/rules`);
      const groups = data.groups as { interval: number; rules: Omit<Rule, 'interval'>[] }[];
      return groups.flatMap(({ interval, rules }) => rules.map((rule) => ({ ...rule, interval })));
    },
    /** The error of Prometheus for an expression; undefined if it can be evaluated. */
    async errorOf(expr: string): Promise<string | undefined> {
      const asked = await fetch(`${urls.prometheus}/api/v1/query?${new URLSearchParams({ query: expr })}`);
      return ((await asked.json()) as { error?: string }).error;
    },
    /** Creates a silence, as data that Alertmanager must keep. */
    async silence(): Promise<void> {
      const matchers = [{ name: 'alertname', value: 'Nothing', isRegex: false, isEqual: true }];
      const body = JSON.stringify({
        ...{ matchers, comment: 'A test', createdBy: 'test' },
        startsAt: new Date().toISOString(),
        endsAt: new Date(Date.now() + 86_400_000).toISOString(),
      });
      const headers = { 'content-type': 'application/json' };
      await json(`${urls.alertmanager}/api/v2/silences`, { method: 'POST', headers, body });
    },
    /** Waits until Alertmanager has written its silences to disk again. */
    async silencesWritten(): Promise<void> {
      const written = async () => {
        const page = await (await fetch(`${urls.alertmanager}/metrics`)).text();
        return sampleOf(page, 'alertmanager_silences_maintenance_total') ?? 0;
      };
      const before = await written();
      const isWritten = async () => (await written()) > before || undefined;
      await eventually(isWritten, 'Alertmanager to write its silences', 120_000);
    },
    silences: async (): Promise<string[]> =>
      ((await json(`${urls.alertmanager}/api/v2/silences`)) as { id: string }[]).map(({ id }) => id),
    /** The boards in Grafana, read with the generated password of its administrator. */
    async boards(): Promise<string[]> {
      const password = (
        await compose('exec', '-T', 'grafana', 'cat', '/var/lib/grafana/admin-password')
      ).trim();
      const authorization = `Basic ${btoa(`admin:${password}`)}`;
      const found = await json(`${urls.grafana}/api/search?type=dash-db`, { headers: { authorization } });
      return (found as { uid: string }[]).map(({ uid }) => uid).toSorted();
    },
  };
}

export type StackData = ReturnType<typeof dataOf>;

/** The data that the stack has acknowledged. */
export interface StoredData {
  completed: readonly string[];
  session: object;
  spans: readonly string[];
  logged: number;
  samples: number;
  silences: readonly string[];
}

/** A time, in unix seconds, before which all scrapes have finished. */
export const scraped = (): number => Math.floor(Date.now() / 1000) - 15;

/**
 * Reads the stored data of a call and of all others.
 *
 * @param until the end of the range in which samples are counted, in unix seconds
 */
export async function readStoredData(data: StackData, call: Call, until: number): Promise<StoredData> {
  // The size on disk grows with data that the gateway computes later.
  const { bytes: _bytes, ...session } = await data.session(call.id);
  return {
    completed: (await data.completed()).toSorted(),
    session,
    // Servers that are not available have no data.
    spans: availableServices.includes('tempo') ? await data.inTempo(call) : [],
    logged: availableServices.includes('loki') ? await data.inLoki(call) : 0,
    samples: await data.samples(until),
    silences: (await data.silences()).toSorted(),
  };
}

/** Reads the data of `before` again, without newer data. The result is equal to `before` if nothing was lost. */
export async function rereadStoredData(
  data: StackData,
  before: StoredData,
  call: Call,
  until: number,
): Promise<StoredData> {
  const { completed, ...now } = await readStoredData(data, call, until);
  return { ...now, completed: before.completed.filter((id) => completed.includes(id)) };
}

/** Waits until a call is in Tempo and Loki, if they are available. */
export async function arrived(data: StackData, call: Call): Promise<void> {
  const hasLines = async () => (await data.inLoki(call)) === 1 || undefined;
  if (availableServices.includes('loki')) await eventually(hasLines, 'the end of the call in Loki', 120_000);
  const hasSpans = async () => (await data.inTempo(call)).length > 5 || undefined;
  if (availableServices.includes('tempo'))
    await eventually(hasSpans, 'the trace of the call in Tempo', 120_000);
}
