import type { ChatItem } from '../decode/chat-item.ts';
import type { FactsTree, NodeOf } from './span-tree.ts';

/** A user message, and everything that the agent did until the next one. Unix seconds. */
export interface OpenTurn {
  /** 1 for the first turn; 0 for everything before it. */
  turn: number;
  user?: ChatItem;
  /** Its span. */
  span?: NodeOf<'user_turn'>;
  /** When the user began and stopped speaking, as exactly as known. */
  began: number;
  stopped: number;
  items: ChatItem[];
  /** The agent's steps in it: one per LLM request. */
  steps: NodeOf<'agent_turn'>[];
}

/** Maximum difference between the times of a span and an item of the same moment. */
const sameMoment = 0.002;
/** Maximum difference between the time of an item and the start of its span. */
const near = 0.25;

/** The span of a user's message: it began when the user began to speak. */
function spanOfUser(item: ChatItem, spans: readonly NodeOf<'user_turn'>[]): NodeOf<'user_turn'> | undefined {
  const ownId = item.id.startsWith('span-') ? item.id.slice('span-'.length) : undefined;
  const own = ownId === undefined ? undefined : spans.find(({ spanId }) => spanId === ownId);
  const began = item.metrics?.startedSpeakingAt;
  return own ?? (began === undefined ? undefined : spans.find(({ start }) => Math.abs(start - began) < near));
}

/**
 * When the user stopped speaking: the end of the last speech in a turn. The turn's span ends later, with the end-of-turn
 * decision.
 */
function stopOf(span: NodeOf<'user_turn'> | undefined, tree: FactsTree): number | undefined {
  if (!span) return undefined;
  const speech = tree.children(span).filter(({ name }) => name === 'user_speaking');
  if (speech.length > 0) return Math.max(...speech.map(({ end }) => end));
  return span.end - (span.facts.endOfTurnDelay ?? 0);
}

function opened(turn: number, item: ChatItem, tree: FactsTree, spans: NodeOf<'user_turn'>[]): OpenTurn {
  const { metrics, at } = item;
  const span = spanOfUser(item, spans);
  const stopped = metrics?.stoppedSpeakingAt ?? stopOf(span, tree) ?? at ?? metrics?.startedSpeakingAt ?? 0;
  const began = Math.min(metrics?.startedSpeakingAt ?? span?.start ?? stopped, stopped);
  return { turn, user: item, span, began, stopped, items: [item], steps: [] };
}

/**
 * With realtime models, user messages have no times: those are in speech spans that belong to no turn. Such a span
 * belongs to the next message.
 */
function giveSpeech(turns: readonly OpenTurn[], tree: FactsTree): void {
  const given = new Map<OpenTurn, { start: number; end: number }>();
  for (const node of tree.of('user_speaking')) {
    if (tree.closest(node, 'user_turn')) continue;
    const turn = turns.find(({ stopped }) => stopped + near >= node.end);
    if (!turn || turn.span || turn.began < turn.stopped) continue;
    const { start, end } = given.get(turn) ?? node;
    given.set(turn, { start: Math.min(start, node.start), end: Math.max(end, node.end) });
  }
  for (const [turn, { start, end }] of given) {
    turn.began = Math.min(start, turn.stopped);
    turn.stopped = Math.max(turn.began, Math.min(end, turn.stopped));
  }
}

/** The last turn that had begun at a time. */
export function turnAt(turns: readonly OpenTurn[], at: number): OpenTurn | undefined {
  let [low, high] = [0, turns.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((turns[middle] as OpenTurn).stopped <= at + sameMoment) low = middle + 1;
    else high = middle;
  }
  return turns[low - 1] ?? turns[0];
}

/**
 * Assigns the items of a conversation, and the agent's spans, to turns. A turn begins when the user stopped speaking, so
 * that an LLM request before the end-of-turn decision belongs to it.
 */
export function turnsOf(items: readonly ChatItem[], tree: FactsTree): OpenTurn[] {
  const spans = tree.of('user_turn');
  const said = items.filter(({ type, role }) => type === 'message' && role === 'user');
  const turns = said.map((item, index) => opened(index + 1, item, tree, spans));
  turns.sort((a, b) => a.stopped - b.stopped);
  giveSpeech(turns, tree);
  const steps = tree.of('agent_turn');
  const others = items.filter((item) => !said.includes(item));
  const first = Math.min(
    ...[...others.map(({ at }) => at), ...steps.map(({ start }) => start)].filter((at) => at !== undefined),
  );
  const before = (turns[0]?.stopped ?? Number.POSITIVE_INFINITY) - sameMoment;
  if (first < before) turns.unshift({ turn: 0, began: first, stopped: first, items: [], steps: [] });
  for (const [index, turn] of turns.entries()) if (turn.user) turn.turn = index + (turns[0]?.user ? 1 : 0);

  const place = new Map(items.map((item, index) => [item, index]));
  /** For the same moment, the order of the conversation applies. */
  const inConversationOrder = (
    found: OpenTurn | undefined,
    item: ChatItem,
    at: number,
  ): OpenTurn | undefined => {
    if (!found?.user || found.stopped < at - sameMoment) return found;
    const follows = (place.get(item) as number) > (place.get(found.user) as number);
    return follows ? found : (turns[turns.indexOf(found) - 1] ?? found);
  };
  let last = turns[0];
  for (const item of others) {
    const { startedSpeakingAt, e2eLatency } = item.metrics ?? {};
    const at = startedSpeakingAt ?? item.at;
    // A reply's time minus its latency is the end of the user's speech, which identifies the turn.
    const asked =
      startedSpeakingAt !== undefined && e2eLatency !== undefined
        ? startedSpeakingAt - e2eLatency
        : undefined;
    const answered = asked === undefined ? undefined : turnAt(turns, asked);
    const exact =
      answered && Math.abs(answered.stopped - (asked as number)) < sameMoment ? answered : undefined;
    last = exact ?? (at === undefined ? last : inConversationOrder(turnAt(turns, at), item, at));
    last?.items.push(item);
  }
  const bySpeech = new Map<string, OpenTurn>();
  for (const step of steps) {
    const { speechId } = step.facts;
    const turn = (speechId === undefined ? undefined : bySpeech.get(speechId)) ?? turnAt(turns, step.start);
    if (turn && speechId !== undefined) bySpeech.set(speechId, turn);
    turn?.steps.push(step);
  }
  return turns;
}

/** The step that produced an item of the agent. */
export function stepOf(
  item: ChatItem,
  steps: readonly NodeOf<'agent_turn'>[],
): NodeOf<'agent_turn'> | undefined {
  const own = steps.find(({ spanId }) => item.id === `span-${spanId}`);
  if (own) return own;
  const { at } = item;
  if (at === undefined) return undefined;
  const far = ({ start }: { start: number }) => Math.abs(start - at);
  const alike = steps.filter((step) => step.start - near < at && at < step.end);
  return alike.sort((a, b) => far(a) - far(b))[0];
}
