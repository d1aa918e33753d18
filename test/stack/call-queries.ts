import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningServer } from './servers.mjs';

/** A query of the boards Sessions and Session, as Grafana would send it. */
export interface CallQuery {
  panel: string;
  kind: 'loki' | 'tempo';
  expr: string;
  instant: boolean;
}

interface Panel {
  title: string;
  targets?: { expr?: string; query?: string; queryType?: string; datasource: { type: 'loki' | 'tempo' } }[];
}

/** @param variables values for the variables of Grafana */
export function callQueries(
  board: 'sessions' | 'session',
  variables: Readonly<Record<string, string>>,
): CallQuery[] {
  const file = join(import.meta.dirname, `../../dashboards/${board}.json`);
  const { panels } = JSON.parse(readFileSync(file, 'utf8')) as { panels: Panel[] };
  const interpolated = (expr: string, kind: 'loki' | 'tempo') =>
    expr.replaceAll(/\$(?:(\w+)|\{(\w+)(:raw)?\})/g, (whole, bare, braced, raw) => {
      const value = variables[bare ?? braced] ?? whole;
      // Grafana escapes an apostrophe for Loki unless a format is given.
      return kind === 'loki' && !raw ? value.replaceAll("'", "\\\\'") : value;
    });
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, query, queryType, datasource }) => ({
      panel: title,
      kind: datasource.type,
      expr: interpolated(expr ?? query ?? '', datasource.type),
      instant: queryType === 'instant',
    })),
  );
}

async function fetchJson(url: string, parameters: Record<string, string>) {
  const response = await fetch(`${url}?${new URLSearchParams(parameters)}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`${parameters.query ?? parameters.q ?? url}: ${response.status} ${text}`);
  return JSON.parse(text);
}

export interface Line {
  text: string;
  labels: Record<string, string>;
}

/**
 * Lines of an hour.
 *
 * @param end unix seconds @default now
 * @throws Error with Loki's answer if it refuses
 */
export async function lines(
  loki: RunningServer,
  query: string,
  end = Math.ceil(Date.now() / 1000),
): Promise<Line[]> {
  const range = { start: String(end - 3600), end: String(end), limit: '1000' };
  const { data } = await fetchJson(`${loki.url}/loki/api/v1/query_range`, { query, ...range });
  const streams = data.result as { stream: Record<string, string>; values: [string, string][] }[];
  return streams.flatMap(({ stream, values }) => values.map(([, text]) => ({ text, labels: stream })));
}

/** The results of a panel query, in any form. @throws Error with the response of a backend that refuses the query */
export async function results(
  { kind, expr, instant }: CallQuery,
  { loki, tempo }: { loki: RunningServer; tempo: RunningServer },
): Promise<unknown[]> {
  if (kind === 'loki' && !instant) return lines(loki, expr);
  if (kind === 'loki') {
    const { data } = await fetchJson(`${loki.url}/loki/api/v1/query`, { query: expr });
    return (data.result as { value: [number, string] }[]).filter(({ value }) => Number(value[1]) > 0);
  }
  const now = Math.floor(Date.now() / 1000);
  // Grafana treats any hexadecimal text as a trace ID, even an empty one, and shows an error if Tempo does not have it.
  if (/^[0-9a-f]*$/i.test(expr))
    return (await fetchJson(`${tempo.url}/api/traces/${expr}`, {})).batches ?? [];
  const { traces = [] } = await fetchJson(`${tempo.url}/api/search`, {
    ...{ q: expr, start: String(now - 3600), end: String(now + 60), limit: '50' },
  });
  return traces;
}

/** The number of spans in some traces. Tempo returns a span once, even if it received it several times. */
export async function spansIn(tempo: RunningServer, traces: Iterable<string>): Promise<number> {
  let spans = 0;
  for (const trace of traces) {
    const { batches } = (await fetchJson(`${tempo.url}/api/traces/${trace}`, {})) as {
      batches: { scopeSpans: { spans: object[] }[] }[];
    };
    for (const { scopeSpans } of batches) for (const scope of scopeSpans) spans += scope.spans.length;
  }
  return spans;
}

/** The number of spans that Tempo has received. */
export async function spansReceived(tempo: RunningServer): Promise<number> {
  const page = await (await fetch(`${tempo.url}/metrics`)).text();
  return Number(page.match(/^tempo_distributor_spans_received_total\{.*\} (\d+)$/m)?.[1] ?? 0);
}
