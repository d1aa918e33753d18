import type { SpanRecord } from '../decode/records.ts';
import type { SpanTree } from '../decode/span-tree.ts';
import type { Message } from './conversation.ts';
import { type EventTimeline, firstFrom } from './uploaded-session.ts';

type AgentState = 'listening' | 'thinking' | 'speaking';

/** A time interval, in unix seconds. */
interface Interval {
  start: number;
  end: number;
}

/**
 * State changes of agent and user: from the spans of turns and of speech, and from messages where spans are missing: those
 * of a Node.js job's last seconds.
 */
export function addStates(
  timeline: EventTimeline,
  tree: SpanTree<SpanRecord>,
  messages: readonly Message[],
  startedAt: number,
): void {
  const changes = agentStates(tree, speakingIntervals(tree.named('agent_speaking'), messages, 'assistant'));
  let state: AgentState = 'listening';
  timeline.add('agent_state_changed', startedAt, 'began', { newState: state });
  for (const { at, newState } of changes) {
    if (newState === state) continue;
    timeline.add('agent_state_changed', at, 'state', { newState });
    state = newState;
  }
  for (const { start, end } of speakingIntervals(tree.named('user_speaking'), messages, 'user')) {
    timeline.add('user_state_changed', start, 'state', { newState: 'speaking' });
    timeline.add('user_state_changed', end, 'state', { newState: 'listening' });
  }
}

function agentStates(
  tree: SpanTree<SpanRecord>,
  speaking: readonly Interval[],
): { at: number; newState: AgentState }[] {
  const steps = [
    ...speaking.flatMap((interval) => transitions(interval, 'speaking')),
    ...thinking(tree).flatMap((interval) => transitions(interval, 'thinking')),
  ].sort((a, b) => a.at - b.at);
  const depth = { speaking: 0, thinking: 0 };
  const changes: { at: number; newState: AgentState }[] = [];
  for (const [index, { at, state, by }] of steps.entries()) {
    depth[state] += by;
    // An end and a start at the same moment are one change.
    if (steps[index + 1]?.at === at) continue;
    changes.push({
      at,
      newState: depth.speaking > 0 ? 'speaking' : depth.thinking > 0 ? 'thinking' : 'listening',
    });
  }
  return changes;
}

const transitions = ({ start, end }: Interval, state: 'speaking' | 'thinking') => [
  { at: start, state, by: 1 },
  { at: end, state, by: -1 },
];

/** The agent thinks from the start of an answer until it speaks, and between the steps of one answer, in which tools run. */
function thinking(tree: SpanTree<SpanRecord>): Interval[] {
  const steps = new Map<unknown, SpanRecord[]>();
  for (const turn of tree.named('agent_turn')) {
    const speech = turn.attributes['lk.speech_id'] ?? turn.spanId;
    const known = steps.get(speech);
    if (known) known.push(turn);
    else steps.set(speech, [turn]);
  }
  return tree.named('agent_turn').flatMap((turn) => {
    // Speech without a model, such as `say`, involves no thinking.
    if (tree.childrenNamed(turn, 'llm_node').length === 0) return [];
    const speeches = tree.childrenNamed(turn, 'agent_speaking');
    const first = speeches[0];
    const last = speeches.at(-1);
    if (!first || !last) return [turn];
    const answer = steps.get(turn.attributes['lk.speech_id'] ?? turn.spanId) ?? [];
    const next = answer.find((step) => step !== turn && step.start >= last.start);
    const found: Interval[] = [{ start: turn.start, end: Math.max(turn.start, first.start) }];
    if (next) found.push({ start: last.end, end: Math.max(last.end, next.start) });
    return found;
  });
}

/** The intervals in which one side spoke, merged. */
function speakingIntervals(
  spans: readonly SpanRecord[],
  messages: readonly Message[],
  role: Message['role'],
): Interval[] {
  const known = mergedIntervals(spans);
  const said = messages.flatMap(({ role: of, metrics }): Interval[] => {
    const { startedSpeakingAt: start, stoppedSpeakingAt: end } = metrics;
    if (of !== role || start === undefined || end === undefined || end < start) return [];
    const before = known[firstFrom(known, end) - 1];
    return before && before.end > start ? [] : [{ start, end }];
  });
  return mergedIntervals([...known, ...said].sort((a, b) => a.start - b.start));
}

/** @param intervals in order of start */
function mergedIntervals(intervals: readonly Interval[]): Interval[] {
  const found: Interval[] = [];
  for (const { start, end } of intervals) {
    const last = found.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else found.push({ start, end });
  }
  return found;
}
