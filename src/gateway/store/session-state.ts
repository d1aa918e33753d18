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

/** What a conversation comes to; latencies are seconds. */
export interface Figures {
  turns: number;
  /** Of each turn that has one, in the order in which they came. */
  latencies: number[];
  interruptions: number;
  toolCalls: number;
  toolErrors: number;
}

/** The same while it is under way, by what it is counted from: a span that is sent twice counts once. */
export interface LiveFigures {
  /** Ids of the spans of user turns. */
  turns: string[];
  /** By speech. */
  latencies: Record<string, number>;
  /** Ids of speeches. */
  interruptions: string[];
  /** By span: whether the tool failed. */
  tools: Record<string, boolean>;
}

/** Bytes of the files that grow, as far as they count; what lies beyond was cut short by a crash. */
export interface Sizes {
  spans: number;
  /** Of the spans without their prompts; undefined: they have to be made of the spans. */
  outline?: number;
  logs: number;
}

/** All that is known of a session beside its records; the file `session.json`. Times are unix seconds. */
export interface SessionState {
  id: string;
  identity: Identity;
  sdkVersion?: string;
  firstAt?: number;
  lastAt?: number;
  /** When the first and the last upload came, by the gateway's clock. */
  createdAt: number;
  receivedAt: number;
  /** The last upload that is in here: taking it up again changes nothing. */
  entry?: string;
  sizes: Sizes;
  counts: { spans: number; logs: number; items: number };
  traceIds: string[];
  live: LiveFigures;
  final?: Figures;
  reported?: { startedAt?: number; reportedAt?: number; unrecorded?: string[] };
  tags?: string[];
  cost?: SessionCost;
  /** Which usage of the report repeats other usage, as far as spans show. */
  usageReporters?: UsageReporters;
  closeReason?: string;
  outcome?: string;
  /** Whether the job's entry function threw: the SDK then closes the session as on any shutdown. */
  entryFailed?: true;
  /** Whether a realtime model spoke. */
  realtime?: true;
  /** Whether the span of the whole session has come. */
  ended?: boolean;
  recorded?: boolean;
  audio?: { bytes: number; start?: number; duration?: number };
  /** Why there is no audio although some was sent. */
  audioDropped?: 'redacted' | 'too_large';
  /** Whether its job is observed by Talkgauge, according to a span or the report. */
  observed?: boolean;
  /** What the gateway's own series made of it, and when: it counts there once. */
  measured?: { result: MeasurementResult; at: number };
  /** Bytes of its files that are in a bucket, and no longer in its folder. */
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

/** The state with what an upload says, but for the conversation, the cost and the files, which need their own. */
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
    // What a record says of itself stays.
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

/** What the conversation comes to, once the SDK has sent it. */
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

/** What a session's usage costs at the prices of the day on which its report, and the spans around it, came. */
export interface SessionCost {
  /** US dollars, without what has no price. */
  usd: number;
  /** Dollars by kind of model. */
  byComponent: Readonly<Record<string, number>>;
  /** Usage whose price is not known; it is not free. */
  unpriced: { component: string; provider: string; model: string; unit: BillableUnit; amount: number }[];
}

/**
 * @param usageReporters who reported it, from the spans so far, some of which come after the report: usage that an adapter repeats costs nothing again
 * @returns undefined where nothing is reported: what it cost is not known
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
      // It is the same audio, which is unpriced already.
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
