import type { Attributes, Plain } from '../decode/attribute-value.ts';
import type { ChatItem } from '../decode/chat-item.ts';
import type { SpanRecord } from '../decode/records.ts';
import type { SessionReport } from '../decode/session-report.ts';

/** All that the uploads of one session told, as far as it is measured. Times are unix seconds. */
export interface Told {
  /** `nodejs` or `python`. */
  language?: string;
  /** In the order in which they began, each once. */
  spans: readonly SpanRecord[];
  /** The conversation; empty if it was not sent. */
  items: readonly ChatItem[];
  report?: SessionReport;
  startedAt: number;
  endedAt: number;
  /** Why it ended; undefined: it was not told. */
  closeReason?: string;
  /** Whether the SDK said that it ended; else its job died. */
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

/** Where the SDKs put the metrics events of realtime models: on a span of their own, or on the turn. */
export const realtimeMetrics = 'lk.realtime_model_metrics';

/** Attributes that hold what was said, or prompts: they are long, and measure nothing. */
const content =
  /^(?:lk\.pii\.(?!response\.text$)|gen_ai\.(?:input|output|system|tool\.(?:def|desc|call\.(?:arg|res)))|exception\.(?:message|stacktrace)|lk\.function_tools$)/;

const kept = ([key]: [string, Plain]) => !content.test(key);

/** A span without what is not measured of it; undefined for one of which nothing is. A long call has many, with whole prompts. */
export function measurable(span: SpanRecord): SpanRecord | undefined {
  if (!names.has(span.name) && span.attributes[realtimeMetrics] === undefined) return undefined;
  const { traceId, spanId, parentId, name, start, end, status } = span;
  const attributes: Attributes = Object.fromEntries(Object.entries(span.attributes).filter(kept));
  return { traceId, spanId, parentId, name, start, end, status, attributes, events: [] };
}
