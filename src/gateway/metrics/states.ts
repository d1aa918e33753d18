import type { SpanRecord } from '../decode/records.ts';
import type { Message } from './messages.ts';
import type { Timeline } from './timeline.ts';
import type { Tree } from './tree.ts';

type AgentState = 'listening' | 'thinking' | 'speaking';

/** A stretch of time, in unix seconds. */
interface Stretch {
  start: number;
  end: number;
}

/**
 * Who was in which state when: as far as the spans of turns and of speech tell, and messages, where the spans did not come: those
 * of a Node.js job's last seconds.
 */
export function addStates(
  timeline: Timeline,
  tree: Tree,
  messages: readonly Message[],
  startedAt: number,
): void {
  const changes = agentStates(tree, spoken(tree.named('agent_speaking'), messages, 'assistant'));
  let state: AgentState = 'listening';
  timeline.add('agent_state_changed', startedAt, 'began', { oldState: 'initializing', newState: state });
  for (const { at, newState } of changes) {
    if (newState === state) continue;
    timeline.add('agent_state_changed', at, 'state', { oldState: state, newState });
    state = newState;
  }
  for (const { start, end } of spoken(tree.named('user_speaking'), messages, 'user')) {
    timeline.add('user_state_changed', start, 'state', { oldState: 'listening', newState: 'speaking' });
    timeline.add('user_state_changed', end, 'state', { oldState: 'speaking', newState: 'listening' });
  }
}

function agentStates(tree: Tree, speaking: readonly Stretch[]): { at: number; newState: AgentState }[] {
  const steps = [
    ...speaking.flatMap((stretch) => edges(stretch, 'speaking')),
    ...thinking(tree).flatMap((stretch) => edges(stretch, 'thinking')),
  ].sort((a, b) => a.at - b.at);
  const under = { speaking: 0, thinking: 0 };
  const changes: { at: number; newState: AgentState }[] = [];
  for (const [index, { at, state, by }] of steps.entries()) {
    under[state] += by;
    // What ends and what begins at one moment is one change.
    if (steps[index + 1]?.at === at) continue;
    changes.push({
      at,
      newState: under.speaking > 0 ? 'speaking' : under.thinking > 0 ? 'thinking' : 'listening',
    });
  }
  return changes;
}

const edges = ({ start, end }: Stretch, state: 'speaking' | 'thinking') => [
  { at: start, state, by: 1 },
  { at: end, state, by: -1 },
];

/** The agent thinks from the start of an answer until it speaks, and between the steps of one answer, in which tools run. */
function thinking(tree: Tree): Stretch[] {
  const turns = tree.named('agent_turn');
  return turns.flatMap((turn) => {
    // What is said without a model, such as `say`, needs no thought.
    if (tree.inside(turn, 'llm_node').length === 0) return [];
    const speeches = tree.inside(turn, 'agent_speaking');
    const first = speeches[0];
    const last = speeches.at(-1);
    if (!first || !last) return [turn];
    const next = turns.find(
      (other) => other.start >= last.start && other !== turn && sameSpeech(other, turn),
    );
    const found: Stretch[] = [{ start: turn.start, end: Math.max(turn.start, first.start) }];
    if (next) found.push({ start: last.end, end: Math.max(last.end, next.start) });
    return found;
  });
}

const sameSpeech = (a: SpanRecord, b: SpanRecord): boolean =>
  a.attributes['lk.speech_id'] !== undefined && a.attributes['lk.speech_id'] === b.attributes['lk.speech_id'];

/** When one side spoke, without what overlaps. */
function spoken(
  spans: readonly SpanRecord[],
  messages: readonly Message[],
  role: Message['role'],
): Stretch[] {
  const found: Stretch[] = [];
  const said = messages.flatMap(({ role: of, metrics }): Stretch[] => {
    const { startedSpeakingAt: start, stoppedSpeakingAt: end } = metrics;
    if (of !== role || start === undefined || end === undefined || end < start) return [];
    return spans.some((span) => span.start < end && span.end > start) ? [] : [{ start, end }];
  });
  for (const { start, end } of [...spans, ...said].sort((a, b) => a.start - b.start)) {
    const last = found.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else found.push({ start, end });
  }
  return found;
}
