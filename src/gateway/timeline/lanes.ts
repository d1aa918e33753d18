import type { ChatItem } from '../decode/chat-item.ts';
import { toolTimes } from './latency.ts';
import { type FactsTree, isOf, type Node, type NodeOf } from './span-tree.ts';
import { type OpenTurn, stepOf, turnAt } from './turns.ts';

/** An interval in a lane. Unix seconds. */
export interface Bar {
  start: number;
  end: number;
  turn?: number;
  /** Its item of the conversation. */
  item?: string;
}

export interface Lanes {
  user: (Bar & { overlap?: boolean })[];
  agent: (Bar & { interrupted?: boolean })[];
  thinking: (Bar & { provider?: string; model?: string; ttft?: number })[];
  tools: (Bar & { name?: string; callId?: string; isError?: boolean })[];
}

/** Finds the turn of a span: by its ancestor step, otherwise by its time. */
class Owners {
  readonly #turns: readonly OpenTurn[];
  readonly #tree: FactsTree;
  readonly #byStep = new Map<string, OpenTurn>();
  readonly #byUserTurn = new Map<string, OpenTurn>();
  readonly #items = new Map<string, ChatItem>();

  constructor(turns: readonly OpenTurn[], tree: FactsTree) {
    this.#turns = turns;
    this.#tree = tree;
    for (const turn of turns) {
      if (turn.span) this.#byUserTurn.set(turn.span.spanId, turn);
      for (const step of turn.steps) this.#byStep.set(step.spanId, turn);
      for (const item of turn.items) {
        const step = item.role === 'assistant' ? stepOf(item, turn.steps) : undefined;
        if (step) this.#items.set(step.spanId, item);
      }
    }
  }

  agent(node: Node): { turn?: number; spoken?: ChatItem } {
    const step = this.#tree.closest(node, 'agent_turn');
    const turn = (step && this.#byStep.get(step.spanId)) ?? turnAt(this.#turns, node.start);
    return { turn: turn?.turn, spoken: step && this.#items.get(step.spanId) };
  }

  user(node: Node): OpenTurn | undefined {
    const span = this.#tree.closest(node, 'user_turn');
    const known = span && this.#byUserTurn.get(span.spanId);
    return (
      known ??
      this.#turns.find(({ user, began, stopped }) => user && began < node.end && node.start < stopped)
    );
  }
}

const overlaps = (bars: readonly Bar[], start: number, end: number): boolean =>
  bars.some((bar) => bar.start < end && start < bar.end);

const byStart = (a: Bar, b: Bar): number => a.start - b.start || a.end - b.end;

/** Adds the speech times of a message; a span is more exact, but the last ones may have been lost with the job. */
function spoken({ metrics }: ChatItem): { start: number; end: number } | undefined {
  const { startedSpeakingAt: start, stoppedSpeakingAt: end } = metrics ?? {};
  return start === undefined || end === undefined || end <= start ? undefined : { start, end };
}

function addSpoken(lanes: Lanes, { turn, items }: OpenTurn): void {
  for (const item of items) {
    const time = item.type === 'message' ? spoken(item) : undefined;
    const lane = item.role === 'user' ? lanes.user : item.role === 'assistant' ? lanes.agent : undefined;
    if (!time || !lane || overlaps(lane, time.start, time.end)) continue;
    const interrupted = item.role === 'assistant' && item.interrupted ? { interrupted: true } : {};
    lane.push({ ...time, turn, item: item.id, ...interrupted });
  }
}

/** An adapter of several models does not report the used one; its request does. */
function thinking(
  node: NodeOf<'llm_node' | 'realtime'>,
  tree: FactsTree,
): Partial<Lanes['thinking'][number]> {
  const asked = tree
    .descendants(node)
    .filter((each) => isOf(each, 'llm_request'))
    .findLast(({ facts }) => facts.provider !== undefined && facts.provider !== 'unknown');
  const { provider, model } = asked?.facts ?? node.facts;
  const ttft = node.facts.of === 'llm_node' ? node.facts.ttft : node.facts.request.first;
  return { provider, model, ttft };
}

/** The lanes: speech, thinking and tools. */
export function lanesOf(turns: readonly OpenTurn[], tree: FactsTree): Lanes {
  const lanes: Lanes = { user: [], agent: [], thinking: [], tools: [] };
  const owners = new Owners(turns, tree);
  for (const node of tree.all) {
    const { start, end, name } = node;
    if (isOf(node, 'user_speaking')) {
      const turn = owners.user(node);
      const overlap = node.facts.isInterruption === undefined ? {} : { overlap: true };
      lanes.user.push({ start, end, turn: turn?.turn, item: turn?.user?.id, ...overlap });
    } else if (name === 'agent_speaking') {
      const { turn, spoken } = owners.agent(node);
      lanes.agent.push({
        start,
        end,
        turn,
        item: spoken?.id,
        ...(spoken?.interrupted && { interrupted: true }),
      });
    } else if (isOf(node, 'llm_node') || isOf(node, 'realtime')) {
      lanes.thinking.push({ start, end, turn: owners.agent(node).turn, ...thinking(node, tree) });
    } else if (isOf(node, 'function_tool')) {
      const { tool, callId, isError } = node.facts;
      lanes.tools.push({ start, end, turn: owners.agent(node).turn, name: tool, callId, isError });
    }
  }
  const shownCalls = new Set(lanes.tools.map(({ callId }) => callId));
  for (const turn of turns) {
    addSpoken(lanes, turn);
    for (const { start, end, call, output } of toolTimes(turn.items)) {
      const { name, callId } = call;
      if (shownCalls.has(callId)) continue;
      lanes.tools.push({ start, end, turn: turn.turn, name, callId, isError: output.isError ?? false });
    }
  }
  for (const lane of Object.values(lanes)) lane.sort(byStart);
  return lanes;
}
