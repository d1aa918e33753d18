import type { Exemplar } from '../../catalogue/observation.ts';
import type { Identity, MetricSpec } from '../../catalogue/types.ts';
import type { DropReason } from '../../metrics/recorder.ts';

/**
 * The relay's protocol, version 1: a job writes lines of JSON (UTF-8, ended by `\n`) to a Unix stream
 * socket, the worker reads them. The job never waits for an answer, so it chooses the ids itself.
 *
 * Hello, once, first: who the observations of this connection are about.
 *
 *     {"v":1,"identity":{"agent_name":"front-desk","agent_version":"1.4.0"},"pid":4711}
 *
 * Definition, once per connection and label set, before the id is used. A second one for an id is malformed.
 *
 *     {"id":7,"metric":"lk_agents_llm_ttft_seconds","labels":{"model_provider":"openai","model_name":"gpt-4o"}}
 *
 * Samples: a flat list of id and value, an exemplar after the value when the sample has one; `[]` repeats
 * the exemplar before it in the same line. What a value means depends on the type of the series:
 * what a histogram observes; what a counter is increased by; **this connection's whole share** of a gauge.
 * A share may be said twice or be skipped without harm, so a gauge ends right whatever was lost before.
 *
 *     [7,0.412,["4bf92f3577b34da6a3ce929d0e0e4736","00f067aa0ba902b7"],8,1,9,0.731,[]]
 *
 * The worker closes a connection only when it says another version or a line is longer than
 * {@link maxLineBytes}; before that it writes one line, `{"v":1,"error":"…"}`. Anything else that it
 * cannot read it counts and skips. Empty lines are skipped, `\r\n` ends a line as well.
 */
export const protocolVersion = 1;

/** The longest line that the worker reads, in bytes without the line's end. */
export const maxLineBytes = 65_536;

/** How many samples the job puts in a line; with their exemplars they stay well below {@link maxLineBytes}. */
export const maxSamplesPerLine = 128;

/**
 * The largest share of a gauge, and the largest sum of a counter's increments, that travels. Half of what
 * the recorder takes at once, because a share may jump from one end to the other.
 */
export const maxSum = 5e14;

export type Frame =
  | { type: 'hello'; identity: Identity; pid: number | undefined }
  | { type: 'incompatible' }
  | { type: 'definition'; id: number; metric: string; labels: Readonly<Record<string, string>> }
  | { type: 'samples'; list: readonly unknown[] };

export const encodeHello = (identity: Identity, pid: number): string =>
  `${JSON.stringify({ v: protocolVersion, identity, pid })}\n`;

export const encodeDefinition = (
  id: number,
  metric: string,
  labels: Readonly<Record<string, string>>,
): string => `${JSON.stringify({ id, metric, labels })}\n`;

export const encodeError = (error: string): string => `${JSON.stringify({ v: protocolVersion, error })}\n`;

/** One line of samples; build the list with {@link pushSample}. */
export const encodeSamples = (list: readonly unknown[]): string => `${JSON.stringify(list)}\n`;

/** Appends a sample to a line's list. `previous` is the exemplar last pushed to the same list, if any. */
export function pushSample(
  list: unknown[],
  id: number,
  value: number,
  exemplar?: Exemplar,
  previous?: Exemplar,
): void {
  list.push(id, value);
  if (!exemplar) return;
  const { trace_id, span_id } = exemplar;
  if (trace_id === previous?.trace_id && span_id === previous.span_id) list.push([]);
  else list.push(span_id === undefined ? [trace_id] : [trace_id, span_id]);
}

/** Reads one line; undefined: it is no frame of this protocol. */
export function decodeFrame(line: string): Frame | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (Array.isArray(parsed)) return { type: 'samples', list: parsed };
  if (!isRecord(parsed)) return undefined;
  if (Object.hasOwn(parsed, 'v')) return decodeHello(parsed);
  const { id, metric, labels } = parsed;
  if (!Number.isSafeInteger(id) || (id as number) < 0 || typeof metric !== 'string') return undefined;
  if (!isRecord(labels) || !Object.values(labels).every((value) => typeof value === 'string')) {
    return undefined;
  }
  return { type: 'definition', id: id as number, metric, labels: labels as Record<string, string> };
}

function decodeHello({ v, identity, pid }: Record<string, unknown>): Frame | undefined {
  if (v !== protocolVersion) return { type: 'incompatible' };
  if (!isRecord(identity)) return undefined;
  const { agent_name, agent_version } = identity;
  if (typeof agent_name !== 'string' || typeof agent_version !== 'string') return undefined;
  return {
    type: 'hello',
    identity: { agent_name, agent_version },
    pid: typeof pid === 'number' ? pid : undefined,
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Walks over a line's samples. Ids and values come as they were sent, checked by nobody; a malformed
 * exemplar is left out, because its sample is still good.
 */
export function eachSample(
  list: readonly unknown[],
  visit: (id: unknown, value: unknown, exemplar: Exemplar | undefined) => void,
): void {
  let previous: Exemplar | undefined;
  for (let at = 0; at < list.length; ) {
    const tail = list[at + 2];
    if (!Array.isArray(tail)) {
      visit(list[at], list[at + 1], undefined);
      at += 2;
      continue;
    }
    if (tail.length > 0) previous = decodeExemplar(tail);
    visit(list[at], list[at + 1], previous);
    at += 3;
  }
}

function decodeExemplar([trace_id, span_id]: readonly unknown[]): Exemplar | undefined {
  if (typeof trace_id !== 'string') return undefined;
  return typeof span_id === 'string' ? { trace_id, span_id } : { trace_id };
}

/** Longest label value that is sent, in UTF-16 units; the recorder keeps less. */
const maxLength = 512;

/** A label value, truncated to the length that is sent. */
export const truncateLabel = (value: string): string =>
  value.length <= maxLength
    ? value
    : // Through bytes, because a slice would keep the whole string alive.
      Buffer.from(value.slice(0, maxLength), 'utf16le').toString('utf16le');

/** Why a label set does not match the catalogue; undefined: it does. */
export function labelSetError(
  spec: MetricSpec | undefined,
  labels: Readonly<Record<string, string>>,
): DropReason | undefined {
  // What is derived from other series is made here, and not by jobs.
  if (!spec || spec.derived) return 'unknown_metric';
  const names = Object.entries(spec.labels);
  if (Object.keys(labels).length !== names.length) return 'unknown_label';
  for (const [name, allowed] of names) {
    const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
    if (typeof value !== 'string') return 'unknown_label';
    if (allowed !== 'open' && !allowed.includes(value)) return 'unknown_label';
  }
  return undefined;
}
