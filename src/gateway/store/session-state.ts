import type { gateway } from '../../catalogue/gateway.ts';
import type { BillableUnit } from '../../catalogue/labels.ts';
import { observedMarker } from '../../catalogue/marker.ts';
import { rateOf } from '../../pricing/price.ts';
import type { PriceBook } from '../../pricing/price-book.ts';
import { logTexts } from '../../private-apis/readers.ts';
import { text } from '../decode/attribute-value.ts';
import type { ChatItem } from '../decode/chat-item.ts';
import { type Identity, merged } from '../decode/identity.ts';
import type { LogRecord, SessionBatch, SpanRecord } from '../decode/records.ts';
import { billableOf, type UsageEntry } from '../decode/session-report.ts';
import { factsOf, isDuplicateUsage, type UsageReporters, withUsageReporter } from '../decode/span-facts.ts';

/** Who measures a session; see `talkgauge_gateway_measured_sessions_total`. */
export type MeasurementResult =
  (typeof gateway)['talkgauge_gateway_measured_sessions_total']['labels']['result'][number];

/** The figures of a conversation; latencies are seconds. */
export interface Figures {
  turns: number;
  /** The latency of each turn that has one, in order. */
  latencies: number[];
  interruptions: number;
  toolCalls: number;
  toolErrors: number;
}

/** The same for a live call, by source id, so that a duplicate span counts once. */
export interface LiveFigures {
  /** Ids of the spans of user turns. */
  turns: string[];
  /** By speech id. */
  latencies: Record<string, number>;
  /** Ids of speeches. */
  interruptions: string[];
  /** By span id: whether the tool failed. */
  tools: Record<string, boolean>;
}

/** Valid bytes of the append-only files; anything beyond is an incomplete line of a crash. */
export interface Sizes {
  spans: number;
  /** The size of the span summaries; undefined: they have to be rebuilt from the spans. */
  outline?: number;
  logs: number;
}

/** The state of a session apart from its records: the file `session.json`. Times are unix seconds. */
export interface SessionState {
  id: string;
  identity: Identity;
  sdkVersion?: string;
  firstAt?: number;
  lastAt?: number;
  /** The times of the first and the last upload, by the gateway's clock. */
  createdAt: number;
  receivedAt: number;
  /** The last processed upload: processing it again changes nothing. */
  entry?: string;
  sizes: Sizes;
  counts: { spans: number; logs: number; items: number };
  traceIds: string[];
  live: LiveFigures;
  final?: Figures;
  reported?: { startedAt?: number; reportedAt?: number; unrecorded?: string[] };
  tags?: string[];
  cost?: SessionCost;
  /** Who reported the usage, from spans, to detect duplicate usage in the report. */
  usageReporters?: UsageReporters;
  closeReason?: string;
  outcome?: string;
  /** Whether the job's entry function threw: the SDK then closes the session as on any shutdown. */
  entryFailed?: true;
  /** Whether the session uses a realtime model. */
  realtime?: true;
  /** Whether the span of the whole session was received. */
  ended?: boolean;
  recorded?: boolean;
  audio?: { bytes: number; start?: number; duration?: number };
  /** Why audio that was sent is not stored. */
  audioDropped?: 'redacted' | 'too_large';
  /** Whether its job is observed by Talkgauge, according to a span or the report. */
  observed?: boolean;
  /** The result and the time of its measurement, so that it counts once in the gateway's series. */
  measured?: { result: MeasurementResult; at: number };
  /** Bytes of its files in the bucket, if they were moved there. */
  archived?: number;
}

export const newState = (id: string, identity: Identity, now: number): SessionState => ({
  id,
  identity,
  createdAt: now,
  receivedAt: now,
  sizes: { spans: 0, logs: 0 },
  counts: { spans: 0, logs: 0, items: 0 },
  traceIds: [],
  live: { turns: [], latencies: {}, interruptions: [], tools: {} },
});

/** A session has one trace; more than a few come from a tracer of the user's own. */
const maxTraces = 8;

const added = (list: string[], item: string): string[] => (list.includes(item) ? list : [...list, item]);

/** Applies an upload to the state, except for the conversation, the cost and the files, which are handled separately. */
export function reduceState(before: SessionState, batch: SessionBatch, now: number): SessionState {
  const state: SessionState = {
    ...before,
    identity: merged(before.identity, batch.identity),
    receivedAt: now,
    counts: {
      ...before.counts,
      spans: before.counts.spans + batch.spans.length,
      logs: before.counts.logs + batch.logs.length,
    },
  };
  const times = [
    ...batch.spans.flatMap(({ start, end }) => [start, end]),
    ...batch.logs.map(({ at }) => at),
    ...[batch.report?.startedAt, batch.report?.reportedAt].filter((at) => at !== undefined),
  ].filter((at) => at > 0);
  if (times.length > 0) {
    state.firstAt = times.reduce((a, b) => Math.min(a, b), before.firstAt ?? Number.POSITIVE_INFINITY);
    state.lastAt = times.reduce((a, b) => Math.max(a, b), before.lastAt ?? 0);
  }
  for (const span of batch.spans) takeSpan(state, span);
  for (const log of batch.logs) takeLog(state, log);
  if (batch.report) {
    const { startedAt, reportedAt, sdkVersion, language, agentName, tags, options, unrecorded } =
      batch.report;
    state.reported = { startedAt, reportedAt, unrecorded };
    state.sdkVersion = sdkVersion ?? state.sdkVersion;
    if (tags.length > 0) state.tags = tags;
    if (options[observedMarker] === true) state.observed = true;
    // A known identity is kept.
    state.identity = merged({ redacted: false, simulated: false, agentName, language }, state.identity);
  }
  for (const { kind, details } of batch.evaluations) {
    if (kind === 'outcome') state.outcome = text(details.outcome) ?? state.outcome;
  }
  if (batch.recorded) state.recorded = true;
  if (batch.audioDropped) state.audioDropped = batch.audioDropped;
  return state;
}

function takeSpan(state: SessionState, span: SpanRecord): void {
  if (state.traceIds.length < maxTraces) state.traceIds = added(state.traceIds, span.traceId);
  if (span.attributes[observedMarker] === true) state.observed = true;
  if (span.name === 'job_entrypoint' && span.status === 'error') state.entryFailed = true;
  const usageReporters = withUsageReporter(state.usageReporters, span);
  if (Object.keys(usageReporters).length > 0) state.usageReporters = usageReporters;
  const facts = factsOf(span, state.identity.language);
  const { live } = state;
  switch (facts?.of) {
    case 'agent_session':
      state.ended = true;
      break;
    case 'session_close':
      state.closeReason = facts.closeReason ?? state.closeReason;
      break;
    case 'realtime':
      state.realtime = true;
      break;
    case 'user_turn':
      state.live = { ...live, turns: added(live.turns, span.spanId) };
      break;
    case 'agent_turn': {
      const speech = facts.speechId ?? span.spanId;
      const { e2eLatency } = facts;
      state.live = {
        ...live,
        ...(e2eLatency !== undefined && { latencies: { ...live.latencies, [speech]: e2eLatency } }),
        ...(facts.interrupted && { interruptions: added(live.interruptions, speech) }),
      };
      break;
    }
    case 'function_tool':
      state.live = { ...live, tools: { ...live.tools, [span.spanId]: facts.isError } };
      break;
    default:
  }
}

const isOf = (texts: readonly string[], message: string): boolean => texts.includes(message);

function takeLog(state: SessionState, { level, message, attributes }: LogRecord): void {
  if (level === 'error' && isOf(logTexts.entryFailed, message)) state.entryFailed = true;
  if (isOf(logTexts.closed, message)) state.closeReason = text(attributes.reason) ?? state.closeReason;
}

/** The figures of the conversation, once the SDK has sent it. */
export function figuresOf(items: readonly ChatItem[]): Figures {
  const messages = items.filter(({ type }) => type === 'message');
  const outputs = items.filter(({ type }) => type === 'function_call_output');
  return {
    turns: messages.filter(({ role }) => role === 'user').length,
    latencies: messages.flatMap(({ metrics }) => metrics?.e2eLatency ?? []).filter((seconds) => seconds >= 0),
    interruptions: messages.filter(({ interrupted }) => interrupted).length,
    toolCalls: items.filter(({ type }) => type === 'function_call').length,
    toolErrors: outputs.filter(({ isError }) => isError).length,
  };
}

export const liveFigures = ({ turns, latencies, interruptions, tools }: LiveFigures): Figures => ({
  turns: turns.length,
  latencies: Object.values(latencies),
  interruptions: interruptions.length,
  toolCalls: Object.keys(tools).length,
  toolErrors: Object.values(tools).filter(Boolean).length,
});

/** The cost of a session's usage at the prices of the day on which its report and spans were received. */
export interface SessionCost {
  /** US dollars, without unpriced usage. */
  usd: number;
  /** Dollars by kind of model. */
  byComponent: Readonly<Record<string, number>>;
  /** Usage without a known price; it is not free. */
  unpriced: { component: string; provider: string; model: string; unit: BillableUnit; amount: number }[];
}

/**
 * @param usageReporters who reported it, from the spans so far, some of which arrive after the report: usage that an
 *   adapter repeats is not counted again
 *
 * @returns undefined without reported usage: the cost is unknown
 */
export function costOf(
  usage: readonly UsageEntry[],
  book: PriceBook,
  usageReporters: UsageReporters | undefined,
): SessionCost | undefined {
  if (usage.length === 0) return undefined;
  const byComponent: Record<string, number> = {};
  const unpriced: SessionCost['unpriced'] = [];
  for (const entry of usage) {
    if (isDuplicateUsage(entry, usageReporters)) continue;
    const { component, provider, model } = entry;
    const price = book.find(provider, model);
    for (const [unit, amount] of billableOf(entry)) {
      // The same audio is already listed as unpriced.
      if (!price && unit === 'audio_seconds_without_tokens') continue;
      const rate = price && rateOf(price, unit);
      if (rate === 'unbilled') continue;
      if (rate === undefined) unpriced.push({ component, provider, model, unit, amount });
      else byComponent[component] = (byComponent[component] ?? 0) + rate * amount;
    }
  }
  return {
    usd: Object.values(byComponent).reduce((sum, dollars) => sum + dollars, 0),
    byComponent,
    unpriced,
  };
}
