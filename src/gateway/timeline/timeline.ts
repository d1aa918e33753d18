import { type ChatItem, mergeItems } from '../decode/chat-item.ts';
import type { LogRecord, SpanRecord } from '../decode/records.ts';
import { provisionalItems } from '../store/conversation.ts';
import type { SessionFiles } from '../store/session-files.ts';
import type { SessionState } from '../store/session-state.ts';
import { spanSummaries } from '../store/span-summaries.ts';
import type { SessionSummary } from '../store/summary.ts';
import { type Bar, type Lanes, lanesOf } from './lanes.ts';
import { latencyOf, type TurnLatency, type Unmeasured, unmeasuredOf } from './latency.ts';
import { FactsTree } from './span-tree.ts';
import { type OpenTurn, turnAt, turnsOf } from './turns.ts';

/** A turn on the axis. Seconds from the start of the axis. */
export interface Turn {
  turn: number;
  start: number;
  end: number;
  /** Ids of its items in the transcript. */
  items: string[];
  interrupted: boolean;
  toolCalls: number;
  toolErrors: number;
  latency?: TurnLatency;
  /** Why a user turn has no latency. */
  unmeasured?: Unmeasured;
}

/** A session on one axis. Except for `start`, seconds from the start of the axis. */
export interface Timeline {
  /** The start of the axis, in unix seconds. */
  start: number;
  duration: number;
  /** The start of the recording on the axis. */
  audioOffset?: number;
  turns: Turn[];
  lanes: Lanes;
  events: TimelineEvent[];
  /** The number of omitted bars and events, because there are too many. */
  omitted: number;
}

/** Maximum number of bars in a lane, and of events: a two-hour call has some thousand. */
const most = 20_000;

/** Log records of level error and above. */
async function errorsOf(files: SessionFiles, state: SessionState): Promise<LogRecord[]> {
  const errors: LogRecord[] = [];
  for await (const log of files.records<LogRecord>('logs', state.sizes.logs)) {
    if ((log.level === 'error' || log.level === 'fatal') && errors.length < most) errors.push(log);
  }
  return errors;
}

/** The conversation: as sent by the SDK, otherwise reconstructed from the spans so far. */
async function conversation(
  files: SessionFiles,
  state: SessionState,
): Promise<{ items: ChatItem[]; tree: FactsTree }> {
  const { language, redacted } = state.identity;
  const sent = await files.read<ChatItem[]>('transcript');
  const pieces: ChatItem[] = [];
  async function* spans(): AsyncGenerator<SpanRecord> {
    for await (const span of spanSummaries(files, state.sizes)) {
      if (!sent) pieces.push(...provisionalItems(span, language, redacted));
      yield span;
    }
  }
  const tree = await FactsTree.read(spans(), language);
  return { items: sent ?? mergeItems([], pieces), tree };
}

function endOf({ items, stopped, steps }: OpenTurn, spoken: number | undefined): number {
  const times = items.map(({ metrics, at }) => metrics?.stoppedSpeakingAt ?? at ?? stopped);
  return Math.max(stopped, ...times, ...steps.map(({ end }) => end), spoken ?? stopped);
}

/**
 * The start of each turn: the first user speech that ends after the agent's answer to the previous turn. A backchannel
 * during the answer (`mhm`) belongs to the next turn by its transcript, but is not its start.
 */
function startsOf(
  turns: readonly OpenTurn[],
  { user }: Lanes,
  spoken: ReadonlyMap<number | undefined, number>,
): Map<OpenTurn, number> {
  const starts = new Map<OpenTurn, number>();
  const speeches = new Map<number | undefined, Bar[]>();
  for (const bar of user) {
    const known = speeches.get(bar.turn);
    if (known) known.push(bar);
    else speeches.set(bar.turn, [bar]);
  }
  for (const [index, turn] of turns.entries()) {
    const before = spoken.get(turns[index - 1]?.turn) ?? Number.NEGATIVE_INFINITY;
    const own = speeches.get(turn.turn) ?? [];
    const first = own.find(({ end }) => end > before);
    if (first && first !== own[0]) starts.set(turn, first.start);
  }
  return starts;
}

/** Rounded to milliseconds, the resolution of the axis. */
const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/** The timeline of a session, from the uploads so far. */
export async function timelineOf(
  files: SessionFiles,
  state: SessionState,
  summary: SessionSummary,
): Promise<Timeline> {
  const { items, tree } = await conversation(files, state);
  const turns = turnsOf(items, tree);
  const lanes = lanesOf(turns, tree);
  const events = timelineEventsOf(turns, lanes, tree, await errorsOf(files, state));
  const { complete, closeReason, end } = summary;
  if (complete && closeReason) events.push({ at: end, kind: 'closed', label: closeReason });

  const bars: Bar[] = Object.values(lanes).flat();
  const audioStart = state.audio?.start;
  const start = [...bars, ...turns.map(({ began }) => ({ start: began }))].reduce(
    (first, bar) => Math.min(first, bar.start),
    Math.min(summary.start, audioStart ?? Number.POSITIVE_INFINITY),
  );
  const on = (at: number) => rounded(at - start);
  const placed = <B extends Bar>(lane: readonly B[]): B[] =>
    lane.slice(0, most).map((bar) => ({ ...bar, start: on(bar.start), end: on(bar.end) }));
  const ends = new Map<number | undefined, number>();
  for (const bar of lanes.agent) ends.set(bar.turn, Math.max(bar.end, ends.get(bar.turn) ?? 0));
  const starts = startsOf(turns, lanes, ends);
  const over = [...Object.values(lanes), events].map((list) => Math.max(0, list.length - most));
  const { user, agent, thinking, tools } = lanes;
  const latencies = new Map(
    turns.flatMap((turn) => {
      const latency = latencyOf(turn, tree);
      return latency ? [[turn, latency] as const] : [];
    }),
  );
  const unmeasured = unmeasuredOf(turns, tree, new Set(latencies.keys()), complete);
  return {
    start,
    duration: on(bars.reduce((last, bar) => Math.max(last, bar.end), end)),
    ...(audioStart !== undefined && { audioOffset: on(audioStart) }),
    turns: turns.map((turn) => {
      const latency = latencies.get(turn);
      const why = unmeasured.get(turn);
      return {
        turn: turn.turn,
        start: on(starts.get(turn) ?? turn.began),
        end: on(endOf(turn, ends.get(turn.turn))),
        items: turn.items.map(({ id }) => id),
        interrupted: turn.items.some(({ interrupted }) => interrupted),
        toolCalls: turn.items.filter(({ type }) => type === 'function_call').length,
        toolErrors: turn.items.filter(({ isError }) => isError).length,
        ...(latency && { latency: { ...latency, from: on(latency.from) } }),
        ...(why && { unmeasured: why }),
      };
    }),
    lanes: { user: placed(user), agent: placed(agent), thinking: placed(thinking), tools: placed(tools) },
    events: events.slice(0, most).map((event) => ({ ...event, at: Math.max(0, on(event.at)) })),
    omitted: over.reduce((sum, count) => sum + count, 0),
  };
}

/** An event on the timeline. Unix seconds. */
export interface TimelineEvent {
  at: number;
  kind: 'interruption' | 'handoff' | 'error' | 'blocked' | 'closed';
  /** The agents of a handoff, the error, or the close reason. */
  label?: string;
  turn?: number;
  /** How long the event loop was blocked. */
  seconds?: number;
}

/** The span of a blocked event loop. */
const blocking = 'event_loop_blocked';
/** Maximum characters of a log line; the logs contain the whole line. */
const maxLabel = 300;

/** @param errors lines of the log of level error and above */
export function timelineEventsOf(
  turns: readonly OpenTurn[],
  lanes: Lanes,
  tree: FactsTree,
  errors: readonly LogRecord[],
): TimelineEvent[] {
  const found: TimelineEvent[] = [];
  const cutOff = new Map<string | undefined, number>();
  for (const { item, end } of lanes.agent) cutOff.set(item, Math.max(end, cutOff.get(item) ?? 0));
  for (const { turn, items } of turns) {
    for (const { id, type, at, interrupted, metrics, oldAgent, newAgent } of items) {
      if (interrupted) {
        const when = cutOff.get(id) ?? metrics?.stoppedSpeakingAt ?? at;
        if (when !== undefined) found.push({ at: when, kind: 'interruption', turn });
      }
      // The first agent is not a handoff.
      if (type === 'agent_handoff' && oldAgent !== undefined && at !== undefined)
        found.push({ at, kind: 'handoff', label: `${oldAgent} → ${newAgent ?? '?'}`, turn });
    }
  }
  for (const { name, error, start, end, facts } of tree.failed()) {
    // A failed tool is shown in its lane; a blocked event loop is an event of its own kind.
    if (facts?.of !== 'function_tool' && name !== blocking)
      found.push({ at: end, kind: 'error', label: `${name}: ${error}`, turn: turnAt(turns, start)?.turn });
  }
  for (const { start, end } of tree.named(blocking))
    found.push({ at: start, kind: 'blocked', seconds: end - start, turn: turnAt(turns, start)?.turn });
  for (const { at, message } of errors)
    found.push({ at, kind: 'error', label: message.slice(0, maxLabel), turn: turnAt(turns, at)?.turn });
  return found.sort((a, b) => a.at - b.at);
}
