import type { Timeline, Transcript } from '../../api.ts';

export type Item = Transcript['items'][number];
export type Turn = Timeline['turns'][number];

/**
 * The entries of a turn, from top to bottom. `at` is seconds on the axis; an `unspoken` message was never heard. `key`
 * counts the entries of a kind in the turn. It replaces the SDK's ids, which change when the call ends and the SDK sends
 * the conversation itself.
 */
export type Entry = { key: string } & Unkeyed;

type Unkeyed = { at?: number } & UntimedEntry;

type UntimedEntry =
  | { of: 'message'; item: Item; unspoken?: true }
  | { of: 'tool'; call?: Item; output?: Item; seconds?: number }
  | { of: 'handoff'; from?: string; to?: string }
  | { of: 'instructions'; item: Item };

export interface TurnEntries {
  turn: Turn;
  entries: Entry[];
}

/**
 * The time of an item, in seconds on the axis. A span dates the agent's message to its LLM request. Until the SDK sends
 * when the message was spoken, it is placed at the agent's next speech.
 */
function placeOf(item: Item, start: number, speeches: readonly number[]): number | undefined {
  const { metrics, at, provisional, role } = item;
  const time = metrics?.startedSpeakingAt ?? at;
  if (time === undefined) return undefined;
  const place = Math.max(0, time - start);
  return (provisional && role === 'assistant' && speeches.find((speech) => speech >= place)) || place;
}

/** User messages are placed at the start of their turn or later: an item may date from a backchannel (`mhm`) long before. */
const placeIn = (turn: Turn, item: Item, start: number, speeches: readonly number[]): number | undefined =>
  item.type === 'message' && item.role === 'user' ? turn.start : placeOf(item, start, speeches);

function entryOf(item: Item, outputs: ReadonlyMap<string, Item>, place: number | undefined): Unkeyed {
  const { type, callId, at } = item;
  const base = place === undefined ? {} : { at: place };
  switch (type) {
    case 'message':
      return { ...base, of: 'message', item };
    case 'function_call': {
      const output = callId === undefined ? undefined : outputs.get(callId);
      const seconds = at !== undefined && output?.at !== undefined ? Math.max(0, output.at - at) : undefined;
      return { ...base, of: 'tool', call: item, output, seconds };
    }
    case 'function_call_output':
      return { ...base, of: 'tool', output: item };
    case 'agent_handoff':
      return { ...base, of: 'handoff', from: item.oldAgent, to: item.newAgent };
    default:
      return { ...base, of: 'instructions', item };
  }
}

const kindOf = (entry: UntimedEntry): string => {
  switch (entry.of) {
    case 'message':
      return `message ${entry.item.role}`;
    case 'tool':
      return `tool ${(entry.call ?? entry.output)?.callId}`;
    default:
      return entry.of;
  }
};

/** Adds the keys: the first entry of its kind in the turn, the second, and so on. */
function keyed(entries: readonly Unkeyed[]): Entry[] {
  const counts = new Map<string, number>();
  return entries.map((entry) => {
    const kind = kindOf(entry);
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return { ...entry, key: `${kind} ${count}` };
  });
}

/**
 * Replies that nobody heard, because their speech never began. Only for ended conversations, and only if the SDK reports
 * when replies were spoken; a text-only agent has none.
 */
function unspokenOf({ items, provisional }: Transcript, { lanes }: Timeline): ReadonlySet<string> {
  const replies = items.filter(({ type, role }) => type === 'message' && role === 'assistant');
  const spoken = new Set(lanes.agent.map(({ item }) => item));
  const began = ({ metrics }: Item) => metrics?.startedSpeakingAt !== undefined;
  if (provisional || !replies.some(began)) return new Set();
  return new Set(replies.flatMap((item) => (began(item) || spoken.has(item.id) ? [] : [item.id])));
}

/** The conversation by turn, with each tool call and its output in one entry. */
export function entriesOf(transcript: Transcript, timeline: Timeline): TurnEntries[] {
  const { items } = transcript;
  const { turns, start, lanes } = timeline;
  const unspoken = unspokenOf(transcript, timeline);
  const byId = new Map(items.map((item) => [item.id, item]));
  const outputs = new Map<string, Item>();
  for (const item of items)
    if (item.type === 'function_call_output' && item.callId !== undefined) outputs.set(item.callId, item);
  const called = new Set(items.flatMap(({ type, callId }) => (type === 'function_call' ? [callId] : [])));
  const speeches = new Map<number | undefined, number[]>();
  for (const { turn, start } of lanes.agent) {
    const known = speeches.get(turn);
    if (known) known.push(start);
    else speeches.set(turn, [start]);
  }
  return turns.map((turn) => ({
    turn,
    entries: keyed(
      turn.items
        .flatMap((id) => byId.get(id) ?? [])
        .filter(({ type, callId }) => type !== 'function_call_output' || !called.has(callId))
        .map((item) => entryOf(item, outputs, placeIn(turn, item, start, speeches.get(turn.turn) ?? [])))
        .map((entry) =>
          entry.of === 'message' && unspoken.has(entry.item.id)
            ? { ...entry, unspoken: true as const }
            : entry,
        )
        .sort((a, b) => (a.at ?? 0) - (b.at ?? 0)),
    ),
  }));
}

/** The turn at a moment: the last one that has begun. Seconds on the axis. */
export function turnAt(turns: readonly Turn[], at: number): Turn | undefined {
  let [low, high] = [0, turns.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((turns[middle] as Turn).start <= at + 0.001) low = middle + 1;
    else high = middle;
  }
  return turns[low - 1];
}
