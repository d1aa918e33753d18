import { segments } from '../../catalogue/labels.ts';
import { coveredTime, type Segment, segmentsOf } from '../../session/turn-latency.ts';
import type { ChatItem } from '../decode/chat-item.ts';
import { type FactsTree, isOf, type Node, type NodeOf } from './span-tree.ts';
import { type OpenTurn, stepOf } from './turns.ts';

/** The latency of a turn, and its segments. Unix seconds, and seconds. */
export interface TurnLatency {
  e2e: number;
  /** When the user stopped speaking. */
  from: number;
  /** Consecutive segments, which sum up to `e2e`. */
  segments: { segment: Segment; seconds: number }[];
}

interface Interval {
  start: number;
  end: number;
}

/** The intervals of the tools in these items: a call is dated to its start, its output to its end. */
export function toolTimes(items: readonly ChatItem[]): (Interval & { call: ChatItem; output: ChatItem })[] {
  const outputs = new Map(
    items.filter(({ type }) => type === 'function_call_output').map((output) => [output.callId, output]),
  );
  return items.flatMap((call) => {
    const output = call.type === 'function_call' ? outputs.get(call.callId) : undefined;
    if (call.at === undefined || output?.at === undefined) return [];
    return [{ start: call.at, end: Math.max(call.at, output.at), call, output }];
  });
}

/** The time of LLM requests that led to tools before the agent spoke. */
function llmBefore(nodes: readonly Node[], tools: readonly Interval[], asked: number): number {
  const last = Math.min(asked, Math.max(...tools.map(({ start }) => start)));
  let sum = 0;
  for (const node of nodes) {
    if (!isOf(node, 'llm_request') || node.facts.request.cancelled || node.start >= last) continue;
    sum += node.facts.request.duration ?? node.end - node.start;
  }
  return sum;
}

/** The start of the LLM request for the agent's first speech. Node.js has a step per request, Python one per speech. */
function answerIn(
  nodes: readonly Node[],
  ttft: number | undefined,
  spoke: number,
): NodeOf<'llm_node'> | undefined {
  const asked = nodes.filter((node) => isOf(node, 'llm_node'));
  return (
    asked.find(({ facts }) => ttft !== undefined && facts.ttft === ttft) ??
    asked.findLast(({ start }) => start < spoke)
  );
}

/** The latency of a turn; undefined if the SDK measured none: typed input, a greeting, a realtime model. */
export function latencyOf(turn: OpenTurn, tree: FactsTree): TurnLatency | undefined {
  const measured = (seconds: number | undefined): seconds is number => seconds !== undefined && seconds >= 0;
  const reply = turn.items.find(({ role, metrics }) => role === 'assistant' && measured(metrics?.e2eLatency));
  const step = reply ? stepOf(reply, turn.steps) : turn.steps.find(({ facts }) => measured(facts.e2eLatency));
  const e2e = reply?.metrics?.e2eLatency ?? step?.facts.e2eLatency;
  if (e2e === undefined) return undefined;

  const nodes = turn.steps.flatMap((each) => tree.descendants(each));
  const below = step ? tree.descendants(step) : [];
  const spoke =
    reply?.metrics?.startedSpeakingAt ??
    below.find(({ name }) => name === 'agent_speaking')?.start ??
    turn.stopped + e2e;
  const answer = answerIn(step ? below : nodes, reply?.metrics?.llmTtft, spoke);
  // Only tools before the answer's LLM request count: others may run while it is spoken.
  const asked = answer?.start ?? reply?.at ?? spoke;
  const spans = nodes.filter((node) => isOf(node, 'function_tool'));
  const knownCalls = new Set(spans.map(({ facts }) => facts.callId));
  const tools = [
    ...spans,
    ...toolTimes(turn.items).filter(({ call }) => !knownCalls.has(call.callId)),
  ].filter(({ start, end }) => start <= asked && end <= spoke);
  const { transcriptionDelay, endOfTurnDelay, onUserTurnCompletedDelay } = turn.user?.metrics ?? {};
  const seconds = segmentsOf({
    e2eLatency: e2e,
    transcriptionDelay,
    endOfTurnDelay,
    onUserTurnCompletedDelay,
    tools: coveredTime(tools),
    llmNodeTtft: reply?.metrics?.llmTtft ?? answer?.facts.ttft,
    llmBefore: tools.length > 0 ? llmBefore(nodes, tools, asked) : undefined,
    ttsNodeTtfb: reply?.metrics?.ttsTtfb ?? below.find((node) => isOf(node, 'tts_node'))?.facts.ttfb,
  });
  return {
    e2e,
    from: spoke - e2e,
    segments: segments
      .map((segment) => ({ segment, seconds: seconds[segment] }))
      .filter((each) => each.seconds > 0),
  };
}

/** Why a user turn has no latency. */
export const unmeasuredReasons = ['realtime', 'typed', 'unanswered', 'not_reported'] as const;
export type Unmeasured = (typeof unmeasuredReasons)[number];

/** Whether the turn was spoken. */
const heard = ({ user, span }: OpenTurn): boolean =>
  span !== undefined || user?.metrics?.startedSpeakingAt !== undefined;

/**
 * Why turns have no latency, if known.
 *
 * @param measured turns with a latency
 * @param over whether the session has ended: until then, the last turn may still be answered
 */
export function unmeasuredOf(
  turns: readonly OpenTurn[],
  tree: FactsTree,
  measured: ReadonlySet<OpenTurn>,
  over: boolean,
): Map<OpenTurn, Unmeasured> {
  // A session has one kind or the other; if it has both, the turn's own spans decide.
  const asked = tree.of('realtime', 'llm_node');
  const onlyRealtime = asked.length > 0 && asked.every((node) => isOf(node, 'realtime'));
  const anyHeard = turns.some(heard);
  const reasonOf = (turn: OpenTurn): Unmeasured => {
    const own = turn.steps.flatMap((step) => [step, ...tree.descendants(step)]);
    const answered = turn.items.some(({ type, role }) => type === 'message' && role === 'assistant');
    if (!answered) return 'unanswered';
    if (onlyRealtime || own.some((node) => isOf(node, 'realtime'))) return 'realtime';
    return anyHeard && !heard(turn) ? 'typed' : 'not_reported';
  };
  const without = turns.filter((turn) => turn.user && !measured.has(turn));
  const last = turns.at(-1);
  return new Map(without.filter((turn) => over || turn !== last).map((turn) => [turn, reasonOf(turn)]));
}
