import { segments } from '../../catalogue/labels.ts';
import { coveredTime, type Segment, segmentsOf } from '../../session/turn-latency.ts';
import type { ChatItem } from '../decode/chat-item.ts';
import { type FactsTree, isOf, type Node, type NodeOf } from './span-tree.ts';
import { type OpenTurn, stepOf } from './turns.ts';

/** How long the caller waited in a turn, and for what. Unix seconds, and seconds. */
export interface TurnLatency {
  e2e: number;
  /** When the user stopped to speak. */
  from: number;
  /** They follow each other, and sum up to `e2e`. */
  segments: { segment: Segment; seconds: number }[];
}

interface Interval {
  start: number;
  end: number;
}

/** When the tools of these items ran: a call is made when it starts, and its output when it ends. */
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

/**
 * Where the LLM was asked for what the agent said first. Node.js has a step for each time that it is asked, Python one for
 * all of a speech.
 */
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

/** The latency of a turn; undefined where the SDK measured none: typed input, a greeting, a realtime model. */
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
  // What led to the answer is what was done before the LLM was asked for it: tools may go on while it is spoken.
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

/** Why a turn of the user's has no latency. */
export const unmeasuredReasons = ['realtime', 'typed', 'unanswered', 'not_reported'] as const;
export type Unmeasured = (typeof unmeasuredReasons)[number];

/** Whether the turn was spoken. */
const heard = ({ user, span }: OpenTurn): boolean =>
  span !== undefined || user?.metrics?.startedSpeakingAt !== undefined;

/**
 * Why each of the turns that have no latency has none, as far as is known.
 *
 * @param measured turns that have one
 * @param over whether the session has ended: until then, the last turn may still be answered
 */
export function unmeasuredOf(
  turns: readonly OpenTurn[],
  tree: FactsTree,
  measured: ReadonlySet<OpenTurn>,
  over: boolean,
): Map<OpenTurn, Unmeasured> {
  // A session has one kind or the other; where it has both, the turn's own spans decide.
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
