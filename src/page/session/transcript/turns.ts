import type { Timeline, Transcript } from '../../api.ts';

export type Item = Transcript['items'][number];
export type Turn = Timeline['turns'][number];

/** What stands in a turn, one below the other. `at` is seconds on the axis; nobody heard what is `unspoken`. */
export type Entry = { id: string; at?: number } & (
  | { of: 'message'; item: Item; unspoken?: true }
  | { of: 'tool'; call?: Item; output?: Item; seconds?: number }
  | { of: 'handoff'; from?: string; to?: string }
  | { of: 'instructions'; item: Item }
);

export interface TurnEntries {
  turn: Turn;
  entries: Entry[];
}

const when = (item: Item): number | undefined => item.metrics?.startedSpeakingAt ?? item.at;

function entryOf(item: Item, outputs: ReadonlyMap<string, Item>, start: number): Entry | undefined {
  const { id, type, callId, at } = item;
  const time = when(item);
  const base = { id, ...(time !== undefined && { at: Math.max(0, time - start) }) };
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

/**
 * Replies that nobody heard: no speech of theirs ever began. Only of a conversation that is over, from an SDK that tells
 * when what it said was spoken; who only writes has none of them.
 */
function unspokenOf({ items, provisional }: Transcript, { lanes }: Timeline): ReadonlySet<string> {
  const replies = items.filter(({ type, role }) => type === 'message' && role === 'assistant');
  const spoken = new Set(lanes.agent.map(({ item }) => item));
  const began = ({ metrics }: Item) => metrics?.startedSpeakingAt !== undefined;
  if (provisional || !replies.some(began)) return new Set();
  return new Set(replies.flatMap((item) => (began(item) || spoken.has(item.id) ? [] : [item.id])));
}

/** The conversation by turns: each tool's call with its output. */
export function entriesOf(transcript: Transcript, timeline: Timeline): TurnEntries[] {
  const { items } = transcript;
  const { turns, start } = timeline;
  const unspoken = unspokenOf(transcript, timeline);
  const byId = new Map(items.map((item) => [item.id, item]));
  const outputs = new Map<string, Item>();
  for (const item of items)
    if (item.type === 'function_call_output' && item.callId !== undefined) outputs.set(item.callId, item);
  const called = new Set(items.flatMap(({ type, callId }) => (type === 'function_call' ? [callId] : [])));
  return turns.map((turn) => ({
    turn,
    entries: turn.items
      .flatMap((id) => byId.get(id) ?? [])
      .filter(({ type, callId }) => type !== 'function_call_output' || !called.has(callId))
      .flatMap((item) => entryOf(item, outputs, start) ?? [])
      .map((entry) =>
        entry.of === 'message' && unspoken.has(entry.item.id) ? { ...entry, unspoken: true as const } : entry,
      )
      .sort((a, b) => (a.at ?? 0) - (b.at ?? 0)),
  }));
}

/** The turn that is going on at a moment: the last that has begun. Seconds on the axis. */
export function turnAt(turns: readonly Turn[], at: number): Turn | undefined {
  let [low, high] = [0, turns.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((turns[middle] as Turn).start <= at + 0.001) low = middle + 1;
    else high = middle;
  }
  return turns[low - 1];
}
