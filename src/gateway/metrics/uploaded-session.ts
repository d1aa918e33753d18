import { warnMissing } from '../../private-apis/table.ts';
import type { SessionEventName, SessionEvents } from '../../session/events.ts';
import type { Attributes, AttributeValue } from '../decode/attribute-value.ts';
import type { ChatItem } from '../decode/chat-item.ts';
import type { SpanRecord } from '../decode/records.ts';
import type { SessionReport } from '../decode/session-report.ts';
import type { SessionFiles } from '../store/session-files.ts';
import type { SessionState } from '../store/session-state.ts';
import { spanSummaries } from '../store/span-summaries.ts';

/** The measured content of a session's uploads. Times are unix seconds. */
export interface UploadedSession {
  /** `nodejs` or `python`. */
  language?: string;
  /** In order of start, without duplicates. */
  spans: readonly SpanRecord[];
  /** The conversation; empty if it was not sent. */
  items: readonly ChatItem[];
  report?: SessionReport;
  startedAt: number;
  endedAt: number;
  /** Why it ended; undefined: unknown. */
  closeReason?: string;
  /** Whether the SDK reported its end; otherwise its job crashed. */
  ended: boolean;
}

const names: ReadonlySet<string> = new Set([
  'start_agent_activity',
  'user_turn',
  'user_speaking',
  'agent_turn',
  'agent_speaking',
  'llm_node',
  'llm_request',
  'llm_request_run',
  'tts_node',
  'tts_request',
  'tts_request_run',
  'function_tool',
  'eou_detection',
]);

/** The spans with metrics events of realtime models: their own span, or that of the turn. */
export const realtimeMetrics = 'lk.realtime_model_metrics';

/** Attributes with transcripts or prompts, which are long and contain no measurement. */
const content =
  /^(?:lk\.pii\.(?!response\.text$)|gen_ai\.(?:input|output|system|tool\.(?:def|desc|call\.(?:arg|res)))|exception\.(?:message|stacktrace)|lk\.function_tools$)/;

const kept = ([key]: [string, AttributeValue]) => !content.test(key);

/** The measured part of a span; undefined if it has none. A long call has many spans, with whole prompts. */
export function trimmedSpan(span: SpanRecord): SpanRecord | undefined {
  if (!names.has(span.name) && span.attributes[realtimeMetrics] === undefined) return undefined;
  const { traceId, spanId, parentId, name, start, end, status } = span;
  const attributes: Attributes = Object.fromEntries(Object.entries(span.attributes).filter(kept));
  return { traceId, spanId, parentId, name, start, end, status, attributes, events: [] };
}

/** Whether the SDK reported the end of the session. */
export const hasEnded = ({ reported, recorded, ended }: SessionState): boolean =>
  Boolean(reported || recorded || ended);

/** Reads the stored data of a session. @throws Error of the file system, or of the bucket */
export async function readUploadedSession(
  files: SessionFiles,
  state: SessionState,
): Promise<UploadedSession> {
  // A span may have been sent twice.
  const spans = new Map<string, SpanRecord>();
  for await (const span of spanSummaries(files, state.sizes)) {
    const taken = trimmedSpan(span);
    if (taken && !spans.has(taken.spanId)) spans.set(taken.spanId, taken);
  }
  const sorted = [...spans.values()].sort((a, b) => a.start - b.start);
  const report = await files.read<SessionReport>('report');
  const startedAt = Math.min(
    report?.startedAt ?? state.firstAt ?? state.createdAt,
    sorted[0]?.start ?? Infinity,
  );
  // Its span says that it closed, and none of its log lines says why.
  if (state.ended && state.counts.logs > 0 && state.closeReason === undefined) warnMissing('logTexts');
  return {
    language: state.identity.language,
    spans: sorted,
    items: (await files.read<ChatItem[]>('transcript')) ?? [],
    report,
    startedAt,
    endedAt: Math.max(startedAt, report?.reportedAt ?? state.lastAt ?? state.receivedAt),
    closeReason: state.closeReason,
    ended: hasEnded(state),
  };
}

/** An event of a session with its time. */
export interface TimedEvent {
  /** Unix seconds. */
  at: number;
  /** The order of events of the same moment. */
  rank: number;
  name: SessionEventName;
  event: SessionEvents[SessionEventName];
}

/** The order in which the SDK emits events of the same moment. */
export const eventOrder = {
  began: 0,
  speech: 1,
  detected: 2,
  asked: 3,
  failed: 4,
  measured: 5,
  answered: 6,
  tools: 7,
  done: 8,
  state: 9,
  closed: 10,
} as const;

/** The events of a session, sorted by time, added in any order. */
export class EventTimeline {
  readonly #events: TimedEvent[] = [];

  /** @param at unix seconds, with which the event is stamped */
  add<E extends SessionEventName>(
    name: E,
    at: number,
    rank: keyof typeof eventOrder,
    event: Omit<SessionEvents[E], 'createdAt'>,
  ): void {
    const stamped = {
      createdAt: at,
      ...event,
    } as unknown as SessionEvents[SessionEventName];
    this.#events.push({ at, rank: eventOrder[rank], name, event: stamped });
  }

  sorted(): TimedEvent[] {
    return this.#events.sort((a, b) => a.at - b.at || a.rank - b.rank);
  }
}

/** The index of the first span that begins at `at` or later, of spans in order of start. */
export function firstFrom(spans: readonly { start: number }[], at: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.start ?? at) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
