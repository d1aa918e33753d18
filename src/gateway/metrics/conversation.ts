import { flag, number, text } from '../decode/attribute-value.ts';
import type { SpanRecord } from '../decode/records.ts';
import type { Message } from './messages.ts';
import type { SdkMetrics } from './metrics-json.ts';
import type { Timeline } from './timeline.ts';
import { firstFrom, type Tree } from './tree.ts';
import type { Told } from './uploaded-session.ts';

/** What was said, who handed over, and which answers were cut off. */
export function addConversation(
  timeline: Timeline,
  tree: Tree,
  messages: readonly Message[],
  { items }: Told,
): void {
  const questions = messages.filter(({ role }) => role === 'user');
  const asked = new Map<string, number>();
  for (const [index, question] of questions.entries()) {
    const speech = answerTo(question, questions[index + 1], tree);
    // The SDK creates the answer before it takes the question in.
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

/** The speech that answers a message: the turn with a latency tells it; a preemptive attempt that was given up has none. */
function answerTo({ at, metrics }: Message, next: Message | undefined, tree: Tree): string | undefined {
  const from = metrics.stoppedSpeakingAt ?? at - 0.05;
  const until = next?.at ?? Number.POSITIVE_INFINITY;
  const all = tree.named('agent_turn');
  const turns = all.slice(firstFrom(all, from), firstFrom(all, until));
  const measured = turns.find(({ attributes }) => number(attributes['lk.e2e_latency']) !== undefined);
  return text((measured ?? turns[0])?.attributes['lk.speech_id']);
}

/** The SDK detects the end of each turn that was spoken, in figures that it leaves in the message. */
function addDetection(timeline: Timeline, { at, metrics: m }: Message, speechId: string | undefined): void {
  const { onUserTurnCompletedDelay: hook, endOfTurnDelay, transcriptionDelay } = m;
  if (hook === undefined && endOfTurnDelay === undefined) return;
  const metrics = {
    type: 'eou_metrics',
    timestamp: at * 1000,
    endOfUtteranceDelayMs: (endOfTurnDelay ?? 0) * 1000,
    transcriptionDelayMs: (transcriptionDelay ?? 0) * 1000,
    onUserTurnCompletedDelayMs: (hook ?? 0) * 1000,
    lastSpeakingTimeMs: (m.stoppedSpeakingAt ?? 0) * 1000,
    ...(speechId !== undefined && { speechId }),
  } as SdkMetrics;
  timeline.add('metrics_collected', at, 'detected', { metrics });
}

interface Speech {
  start: number;
  end: number;
  interrupted: boolean;
}

function addSpeeches(
  timeline: Timeline,
  tree: Tree,
  messages: readonly Message[],
  asked: ReadonlyMap<string, number>,
): void {
  const turns = tree.named('agent_turn');
  for (const [id, { start, end, interrupted }] of speechesOf(turns)) {
    const speechHandle = { id, interrupted };
    timeline.add('speech_created', Math.min(start, asked.get(id) ?? start), 'speech', { speechHandle });
    timeline.add('speech_done', end, 'done', { speechHandle });
  }
  // The last spans of a Node.js job do not come.
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
