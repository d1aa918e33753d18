import { type AttributeValue, flag, list, number, record, text } from './attribute-value.ts';

/** The SDK's measurements of a message, in seconds; the two times are unix seconds. */
export interface MessageMetrics {
  startedSpeakingAt?: number;
  stoppedSpeakingAt?: number;
  transcriptionDelay?: number;
  endOfTurnDelay?: number;
  onUserTurnCompletedDelay?: number;
  llmTtft?: number;
  ttsTtfb?: number;
  playbackLatency?: number;
  e2eLatency?: number;
}

export const chatItemTypes = [
  'message',
  'function_call',
  'function_call_output',
  'agent_handoff',
  'agent_config_update',
] as const;

/** One item of a conversation, from either SDK and either upload format. */
export interface ChatItem {
  id: string;
  type: (typeof chatItemTypes)[number];
  /** Unix seconds; undefined if the SDK did not send it. */
  at?: number;
  role?: string;
  /** The text; empty parts are omitted, images and audio are named in brackets. */
  text?: string;
  interrupted?: boolean;
  /** 0 to 1. */
  confidence?: number;
  metrics?: MessageMetrics;
  /** The name of the tool. */
  name?: string;
  callId?: string;
  arguments?: string;
  output?: string;
  isError?: boolean;
  oldAgent?: string;
  newAgent?: string;
  instructions?: string;
  toolsAdded?: string[];
  toolsRemoved?: string[];
  /** Whether it was reconstructed from spans of a live call, until the SDK sends the conversation itself. */
  provisional?: boolean;
}

/** Converts to unix seconds: numbers are unix seconds already, text is RFC 3339. */
function time(value: AttributeValue | undefined): number | undefined {
  const numeric = number(value);
  if (numeric !== undefined) return numeric > 0 ? numeric : undefined;
  const milliseconds = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return milliseconds > 0 ? milliseconds / 1000 : undefined;
}

const measures = {
  transcriptionDelay: 'transcription_delay',
  endOfTurnDelay: 'end_of_turn_delay',
  onUserTurnCompletedDelay: 'on_user_turn_completed_delay',
  llmTtft: 'llm_node_ttft',
  ttsTtfb: 'tts_node_ttfb',
  playbackLatency: 'playback_latency',
  e2eLatency: 'e2e_latency',
} as const satisfies { [K in keyof MessageMetrics]?: string };

function metricsOf(value: AttributeValue | undefined): MessageMetrics | undefined {
  const wire = record(value);
  const found: MessageMetrics = {
    startedSpeakingAt: time(wire.started_speaking_at),
    stoppedSpeakingAt: time(wire.stopped_speaking_at),
  };
  for (const [name, key] of Object.entries(measures)) {
    found[name as keyof typeof measures] = number(wire[key]);
  }
  return Object.values(found).some((measured) => measured !== undefined) ? found : undefined;
}

/** A part is text, `{text}`, or other content: `{type: 'image_content', …}`, `{image: …}`. */
function said(content: AttributeValue | undefined): string | undefined {
  const parts = list(content).map((part) => {
    if (typeof part === 'string') return part;
    const { text: words, transcript, type, ...others } = record(part);
    const spoken = text(words) ?? text(transcript);
    if (spoken !== undefined) return spoken;
    const kind = text(type) ?? Object.keys(others)[0];
    return kind ? `[${kind.replace(/_content$/, '')}]` : '';
  });
  const whole = parts.filter(Boolean).join('\n');
  return whole === '' ? undefined : whole;
}

const names = (value: AttributeValue | undefined): string[] | undefined => {
  const found = list(value).flatMap((name) => text(name) ?? []);
  return found.length > 0 ? found : undefined;
};

function itemOf(type: ChatItem['type'], wire: { [key: string]: AttributeValue }): ChatItem | undefined {
  const id = text(wire.id);
  if (id === undefined) return undefined;
  const item: ChatItem = {
    id,
    type,
    at: time(wire.created_at),
    role: text(wire.role)?.toLowerCase(),
    text: said(wire.content),
    // One of the two formats omits fields that are false.
    interrupted: type === 'message' ? (flag(wire.interrupted) ?? false) : undefined,
    confidence: number(wire.transcript_confidence),
    metrics: metricsOf(wire.metrics),
    name: text(wire.name),
    callId: text(wire.call_id),
    arguments: text(wire.arguments),
    output: text(wire.output),
    isError: type === 'function_call_output' ? (flag(wire.is_error) ?? false) : undefined,
    oldAgent: text(wire.old_agent_id),
    newAgent: text(wire.new_agent_id),
    instructions: text(wire.instructions),
    toolsAdded: names(wire.tools_added),
    toolsRemoved: names(wire.tools_removed),
  };
  return Object.fromEntries(
    Object.entries(item).filter(([, value]) => value !== undefined),
  ) as unknown as ChatItem;
}

const isType = (name: AttributeValue | undefined): name is ChatItem['type'] =>
  chatItemTypes.some((type) => type === name);

/** An item of the attribute `chat.item`: `{message: {…}}`, as protobuf writes JSON. */
export function chatItemOfLog(value: AttributeValue | undefined): ChatItem | undefined {
  const [type, body] = Object.entries(record(value))[0] ?? [];
  return isType(type) ? itemOf(type, record(body)) : undefined;
}

/** An item of `chat_history.json`: `{type: 'message', …}`. */
export function chatItemOfHistory(value: AttributeValue | undefined): ChatItem | undefined {
  const wire = record(value);
  return isType(wire.type) ? itemOf(wire.type, wire) : undefined;
}

/** The conversation in `chat_history.json`. */
export const chatItemsOfHistory = (history: AttributeValue): ChatItem[] =>
  list(record(history).items).flatMap((item) => chatItemOfHistory(item) ?? []);

/** Merges `later` items into the conversation: the fields of a later item replace those of an earlier one. */
export function mergeItems(before: readonly ChatItem[], later: readonly ChatItem[]): ChatItem[] {
  const items = new Map(before.map((item) => [item.id, item]));
  for (const item of later) {
    const known = items.get(item.id);
    const metrics = (known?.metrics || item.metrics) && { ...known?.metrics, ...item.metrics };
    items.set(item.id, { ...known, ...item, ...(metrics && { metrics }) });
  }
  // The sort is stable, so that items without a time, or with the same one, keep the order in which they were sent.
  return [...items.values()].sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
}
