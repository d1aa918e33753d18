import type { MessageFields, MetricsEvent } from '../../session/events.ts';
import { flag, number, text } from '../decode/attribute-value.ts';
import type { ChatItem, MessageMetrics } from '../decode/chat-item.ts';
import type { SpanRecord } from '../decode/records.ts';
import { factsOf } from '../decode/span-facts.ts';
import type { SpanTree } from '../decode/span-tree.ts';
import { type EventTimeline, firstFrom, type UploadedSession } from './uploaded-session.ts';

/** Events of messages, handoffs and interrupted speech. */
export function addConversation(
  timeline: EventTimeline,
  tree: SpanTree<SpanRecord>,
  messages: readonly Message[],
  { items }: UploadedSession,
): void {
  const questions = messages.filter(({ role }) => role === 'user');
  const asked = new Map<string, number>();
  for (const [index, question] of questions.entries()) {
    const speech = answerTo(question, questions[index + 1], tree);
    // The SDK creates the answer before it adds the question.
    if (speech !== undefined && !asked.has(speech)) asked.set(speech, question.at);
    addDetection(timeline, question, speech);
  }
  for (const { at, role, read } of messages) {
    timeline.add('conversation_item_added', at, role === 'user' ? 'asked' : 'answered', { item: read });
  }
  for (const { type, at = 0, oldAgent } of items) {
    if (type !== 'agent_handoff' || !oldAgent) continue;
    timeline.add('conversation_item_added', at, 'done', { item: { type, oldAgentId: oldAgent } });
  }
  addSpeeches(timeline, tree, messages, asked);
}

/** The speech that answers a message: that of the turn with a latency; a discarded preemptive attempt has none. */
function answerTo(
  { at, metrics }: Message,
  next: Message | undefined,
  tree: SpanTree<SpanRecord>,
): string | undefined {
  const from = metrics.stoppedSpeakingAt ?? at - 0.05;
  const until = next?.at ?? Number.POSITIVE_INFINITY;
  const all = tree.named('agent_turn');
  const turns = all.slice(firstFrom(all, from), firstFrom(all, until));
  const measured = turns.find(({ attributes }) => number(attributes['lk.e2e_latency']) !== undefined);
  return text((measured ?? turns[0])?.attributes['lk.speech_id']);
}

/** The SDK's end-of-turn detection of each spoken turn, from the metrics in its message. */
function addDetection(
  timeline: EventTimeline,
  { at, metrics: m }: Message,
  speechId: string | undefined,
): void {
  const { onUserTurnCompletedDelay: hook, endOfTurnDelay, transcriptionDelay } = m;
  if (hook === undefined && endOfTurnDelay === undefined) return;
  const metrics = {
    type: 'eou_metrics',
    timestamp: at,
    endOfUtteranceDelay: endOfTurnDelay ?? 0,
    transcriptionDelay: transcriptionDelay ?? 0,
    onUserTurnCompletedDelay: hook ?? 0,
    lastSpeakingTime: m.stoppedSpeakingAt ?? 0,
    ...(speechId !== undefined && { speechId }),
  } as MetricsEvent;
  timeline.add('metrics_collected', at, 'detected', { metrics });
}

interface Speech {
  start: number;
  end: number;
  interrupted: boolean;
}

function addSpeeches(
  timeline: EventTimeline,
  tree: SpanTree<SpanRecord>,
  messages: readonly Message[],
  asked: ReadonlyMap<string, number>,
): void {
  const turns = tree.named('agent_turn');
  for (const [id, { start, end, interrupted }] of speechesOf(turns)) {
    const speechHandle = { id, interrupted };
    timeline.add('speech_created', Math.min(start, asked.get(id) ?? start), 'speech', { speechHandle });
    timeline.add('speech_done', end, 'done', { speechHandle });
  }
  // The last spans of a Node.js job are not uploaded.
  for (const [index, { at, role, read, metrics }] of messages.entries()) {
    const began = metrics.startedSpeakingAt ?? at;
    if (
      role === 'user' ||
      !read.interrupted ||
      turns.some(({ start, end }) => start <= began && began <= end)
    )
      continue;
    timeline.add('speech_done', at, 'done', { speechHandle: { id: `message-${index}`, interrupted: true } });
  }
}

/** An answer in several steps has several spans. */
function speechesOf(turns: readonly SpanRecord[]): Map<string, Speech> {
  const speeches = new Map<string, Speech>();
  for (const { spanId, start, end, attributes } of turns) {
    const id = text(attributes['lk.speech_id']) ?? spanId;
    const known = speeches.get(id);
    speeches.set(id, {
      start: Math.min(known?.start ?? start, start),
      end: Math.max(known?.end ?? end, end),
      interrupted: (known?.interrupted ?? false) || (flag(attributes['lk.interrupted']) ?? false),
    });
  }
  return speeches;
}

/** A message of the conversation; unix seconds at which the session added it. */
export interface Message {
  at: number;
  role: 'user' | 'assistant';
  read: MessageFields;
  metrics: MessageMetrics;
}

const millisecond = 0.001;

/** The messages of the session: from its transcript, or without one from spans. */
export function messagesOf({ items, language }: UploadedSession, tree: SpanTree<SpanRecord>): Message[] {
  const said =
    items.length > 0
      ? items.filter(({ type, role }) => type === 'message' && (role === 'user' || role === 'assistant'))
      : [...tree.named('user_turn'), ...tree.named('agent_turn')].flatMap((span) =>
          itemOf(span, tree, language),
        );
  const messages = said.map((item) => messageOf(item, tree));
  for (const [index, { role, at }] of messages.entries()) {
    const next = messages[index + 1];
    // For messages in immediate succession: times are truncated to milliseconds, the order of the transcript is exact.
    if (role === 'assistant' && next?.role === 'user' && Math.abs(at - next.at) <= millisecond) {
      next.at = Math.max(at, next.at) + millisecond / 1000;
    }
  }
  return messages.sort((a, b) => a.at - b.at);
}

function messageOf(item: ChatItem, tree: SpanTree<SpanRecord>): Message {
  const role = item.role === 'user' ? 'user' : 'assistant';
  const metrics = item.metrics ?? {};
  return {
    at: role === 'user' ? committedAt(item) : spokenAt(item, tree),
    role,
    metrics,
    read: {
      type: 'message',
      role,
      interrupted: item.interrupted ?? false,
      metrics: reportOf(metrics),
      ...(item.confidence !== undefined && { transcriptConfidence: item.confidence }),
    },
  };
}

const names = {
  startedSpeakingAt: 'startedSpeakingAt',
  stoppedSpeakingAt: 'stoppedSpeakingAt',
  transcriptionDelay: 'transcriptionDelay',
  endOfTurnDelay: 'endOfTurnDelay',
  onUserTurnCompletedDelay: 'onUserTurnCompletedDelay',
  llmTtft: 'llmNodeTtft',
  ttsTtfb: 'ttsNodeTtfb',
  playbackLatency: 'playbackLatency',
  e2eLatency: 'e2eLatency',
} as const satisfies Record<keyof MessageMetrics, keyof MessageFields['metrics']>;

/** The metrics under the SDK's names, without missing values. */
const reportOf = (metrics: MessageMetrics): MessageFields['metrics'] =>
  Object.fromEntries(
    Object.entries(metrics).flatMap(([key, value]) =>
      value === undefined ? [] : [[names[key as keyof MessageMetrics], value]],
    ),
  );

/** A user message is added at the end of the turn. Python dates it to the turn's start, Node.js to its end. */
function committedAt({ at = 0, metrics: m = {} }: ChatItem): number {
  const decided = (m.stoppedSpeakingAt ?? 0) + (m.endOfTurnDelay ?? 0) + (m.onUserTurnCompletedDelay ?? 0);
  return Math.max(at, decided);
}

/** An answer is added when it has been spoken, or without speech, when it is complete. */
function spokenAt({ at = 0, metrics: m = {} }: ChatItem, tree: SpanTree<SpanRecord>): number {
  if (m.stoppedSpeakingAt !== undefined) return Math.max(m.stoppedSpeakingAt, m.startedSpeakingAt ?? 0);
  const began = m.startedSpeakingAt ?? at;
  const turns = tree.named('agent_turn');
  // A few may overlap: discarded attempts.
  const until = firstFrom(turns, began + 10 * millisecond);
  const turn = turns.slice(Math.max(0, until - 8), until).find(({ end }) => began <= end);
  return turn?.end ?? began;
}

/** The message in a span; an answer without speech, such as a tool call, has none. */
function itemOf(span: SpanRecord, tree: SpanTree<SpanRecord>, language: string | undefined): ChatItem[] {
  const facts = factsOf(span, language);
  const base = { id: span.spanId, type: 'message', at: span.start } as const;
  if (facts?.of === 'user_turn') {
    const speaking = tree.childrenNamed(span, 'user_speaking');
    const { transcriptionDelay, endOfTurnDelay, onUserTurnCompletedDelay, confidence } = facts;
    const metrics = {
      startedSpeakingAt: speaking[0]?.start,
      stoppedSpeakingAt: speaking.at(-1)?.end,
      transcriptionDelay,
      endOfTurnDelay,
      onUserTurnCompletedDelay,
    };
    return [{ ...base, at: span.end, role: 'user', confidence, metrics }];
  }
  if (facts?.of !== 'agent_turn') return [];
  const speaking = tree.childrenNamed(span, 'agent_speaking');
  const response = text(span.attributes['lk.pii.response.text']) ?? text(span.attributes['lk.response.text']);
  if (speaking.length === 0 && response === undefined) return [];
  const metrics = {
    startedSpeakingAt: speaking[0]?.start,
    stoppedSpeakingAt: speaking.at(-1)?.end,
    llmTtft: first(tree.childrenNamed(span, 'llm_node'), 'lk.response.ttft'),
    ttsTtfb: first(tree.childrenNamed(span, 'tts_node'), 'lk.response.ttfb'),
    e2eLatency: facts.e2eLatency,
  };
  return [{ ...base, role: 'assistant', interrupted: facts.interrupted, metrics }];
}

function first([span]: readonly SpanRecord[], key: string): number | undefined {
  const value = span?.attributes[key];
  return typeof value === 'number' && value >= 0 ? value : undefined;
}
