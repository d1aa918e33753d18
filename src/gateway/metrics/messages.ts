import type { MessageFields } from '../../session/events.ts';
import type { ChatItem, MessageMetrics } from '../decode/chat-item.ts';
import { text } from '../decode/plain.ts';
import type { SpanRecord } from '../decode/records.ts';
import { factsOf } from '../decode/span-facts.ts';
import type { Told } from './told.ts';
import { firstFrom, type Tree } from './tree.ts';

/** A message of the conversation; unix seconds at which the session took it in. */
export interface Message {
  at: number;
  role: 'user' | 'assistant';
  read: MessageFields;
  metrics: MessageMetrics;
}

const millisecond = 0.001;

/** The messages of the session: as its transcript has them, else, without one, as far as spans tell of them. */
export function messagesOf({ items, language }: Told, tree: Tree): Message[] {
  const said =
    items.length > 0
      ? items.filter(({ type, role }) => type === 'message' && (role === 'user' || role === 'assistant'))
      : [...tree.named('user_turn'), ...tree.named('agent_turn')].flatMap((span) =>
          itemOf(span, tree, language),
        );
  const messages = said.map((item) => messageOf(item, tree));
  for (const [index, { role, at }] of messages.entries()) {
    const next = messages[index + 1];
    // What followed at once: the times are cut to milliseconds, the order of the transcript is not.
    if (role === 'assistant' && next?.role === 'user' && Math.abs(at - next.at) <= millisecond) {
      next.at = Math.max(at, next.at) + millisecond / 1000;
    }
  }
  return messages.sort((a, b) => a.at - b.at);
}

function messageOf(item: ChatItem, tree: Tree): Message {
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

/** Under the SDK's names, without what was not measured. */
const reportOf = (metrics: MessageMetrics): MessageFields['metrics'] =>
  Object.fromEntries(
    Object.entries(metrics).flatMap(([key, value]) =>
      value === undefined ? [] : [[names[key as keyof MessageMetrics], value]],
    ),
  );

/** A user's message is taken in when the turn is over. Python stamps it with the turn's start, Node.js with its end. */
function committedAt({ at = 0, metrics: m = {} }: ChatItem): number {
  const decided = (m.stoppedSpeakingAt ?? 0) + (m.endOfTurnDelay ?? 0) + (m.onUserTurnCompletedDelay ?? 0);
  return Math.max(at, decided);
}

/** An answer is taken in when it has been spoken, or has come whole where nothing is spoken. */
function spokenAt({ at = 0, metrics: m = {} }: ChatItem, tree: Tree): number {
  if (m.stoppedSpeakingAt !== undefined) return Math.max(m.stoppedSpeakingAt, m.startedSpeakingAt ?? 0);
  const began = m.startedSpeakingAt ?? at;
  const turns = tree.named('agent_turn');
  // A few may overlap: attempts that were given up.
  const until = firstFrom(turns, began + 10 * millisecond);
  const turn = turns.slice(Math.max(0, until - 8), until).find(({ end }) => began <= end);
  return turn?.end ?? began;
}

/** What a span tells of a message; an answer of which nothing was said, such as a call of a tool, is none. */
function itemOf(span: SpanRecord, tree: Tree, language: string | undefined): ChatItem[] {
  const facts = factsOf(span, language);
  const base = { id: span.spanId, type: 'message', at: span.start } as const;
  if (facts?.of === 'user_turn') {
    const speaking = tree.inside(span, 'user_speaking');
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
  const speaking = tree.inside(span, 'agent_speaking');
  const response = text(span.attributes['lk.pii.response.text']) ?? text(span.attributes['lk.response.text']);
  if (speaking.length === 0 && response === undefined) return [];
  const metrics = {
    startedSpeakingAt: speaking[0]?.start,
    stoppedSpeakingAt: speaking.at(-1)?.end,
    llmTtft: first(tree.inside(span, 'llm_node'), 'lk.response.ttft'),
    ttsTtfb: first(tree.inside(span, 'tts_node'), 'lk.response.ttfb'),
    e2eLatency: facts.e2eLatency,
  };
  return [{ ...base, role: 'assistant', interrupted: facts.interrupted, metrics }];
}

function first([span]: readonly SpanRecord[], key: string): number | undefined {
  const value = span?.attributes[key];
  return typeof value === 'number' && value >= 0 ? value : undefined;
}
