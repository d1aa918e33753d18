import type { Peaks, Timeline } from '../../api.ts';

export type LaneName = 'user' | 'agent' | 'latency' | 'thinking' | 'tools' | 'events';

/** A lane of the drawing; pixels. */
export interface Lane {
  name: LaneName;
  label: string;
  top: number;
  height: number;
}

/** Pixels of the axis above the lanes. */
export const axisHeight = 22;
const gap = 6;

const heights: readonly [LaneName, string, number][] = [
  ['user', 'User', 42],
  ['agent', 'Agent', 42],
  ['latency', 'Wait', 14],
  ['thinking', 'Thinking', 14],
  ['tools', 'Tools', 14],
  ['events', 'Events', 16],
];

/** From top to bottom. */
export const lanes: readonly Lane[] = heights.map(([name, label, height], index) => ({
  name,
  label,
  height,
  top: axisHeight + heights.slice(0, index).reduce((sum, each) => sum + each[2] + gap, 0),
}));

/** Below the lanes is room for a bar that says which part is seen. */
const extentHeight = 10;

export const drawingHeight =
  axisHeight + heights.reduce((sum, each) => sum + each[2] + gap, 0) + extentHeight;

type Turn = Timeline['turns'][number];
export type Segment = NonNullable<Turn['latency']>['segments'][number]['segment'];

/** What a caller waited for, as a bar. Seconds on the axis. */
export interface Wait {
  start: number;
  end: number;
  turn: number;
  segment: Segment;
}

/** All that is drawn, sorted by its beginning. */
export interface Scene {
  duration: number;
  turns: readonly Turn[];
  bars: Timeline['lanes'] & { latency: readonly Wait[] };
  events: Timeline['events'];
  /** Seconds of the longest bar of a lane, so that those that reach into a window are found. */
  longest: Readonly<Record<Exclude<LaneName, 'events'>, number>>;
  peaks?: Peaks;
  /** Percent that reach the edge of a lane. */
  loudest: number;
  /** Where the recording begins. */
  audioOffset: number;
  /** Why there are no waits at all. */
  noWait?: string;
}

export function sceneOf(timeline: Timeline, peaks: Peaks | undefined): Scene {
  const latency = timeline.turns.flatMap(({ turn, latency: waited }): Wait[] => {
    let at = waited?.from ?? 0;
    return (waited?.segments ?? []).map(({ segment, seconds }) => {
      const start = at;
      at += seconds;
      return { start, end: at, turn, segment };
    });
  });
  latency.sort((a, b) => a.start - b.start);
  const bars = { ...timeline.lanes, latency };
  const longestOf = (lane: readonly { start: number; end: number }[]) =>
    lane.reduce((longest, { start, end }) => Math.max(longest, end - start), 0);
  const { user, agent, thinking, tools } = bars;
  return {
    duration: timeline.duration,
    turns: timeline.turns,
    bars,
    events: timeline.events,
    longest: {
      user: longestOf(user),
      agent: longestOf(agent),
      latency: longestOf(latency),
      thinking: longestOf(thinking),
      tools: longestOf(tools),
    },
    peaks,
    loudest: loudestOf(peaks),
    audioOffset: timeline.audioOffset ?? 0,
    noWait: latency.length > 0 ? undefined : noWaitOf(timeline.turns),
  };
}

/** Why a turn has no latency, in a turn or a lane of its own. */
export const unmeasuredTexts: Readonly<Record<NonNullable<Turn['unmeasured']>, string>> = {
  realtime: 'No latency: the SDKs measure none of realtime models',
  typed: 'No latency: the user typed',
  unanswered: 'No latency: the agent did not answer',
  not_reported: 'No latency: the SDK measured none',
};

/** The reason that the first turn without a latency has, where others need not be told apart. */
function noWaitOf(turns: readonly Turn[]): string | undefined {
  const [reason, ...others] = new Set(turns.flatMap(({ unmeasured }) => unmeasured ?? []));
  if (reason === undefined) return undefined;
  return others.length === 0 ? unmeasuredTexts[reason] : 'No turn has a latency';
}

/** How a part of the latency is called, where people read it. */
export const segmentNames: Readonly<Record<Segment, string>> = {
  transcription: 'Transcription',
  endpointing: 'End of turn',
  user_hook: 'User hook',
  llm: 'LLM',
  tools: 'Tools',
  tts: 'TTS',
  unattributed: 'Unattributed',
};

/** The colour of a part, as in styles/tokens.css. */
export const segmentToken = (segment: Segment): string => `--${segment.replace('_', '-')}`;

/** The loudest of a recording reaches the edge of its lane, but noise is not blown up to it. Percent. */
const quietest = 20;

/** What is louder than silence. Percent. */
const silence = 2;

/** How much of what is heard reaches at most the edge: one click in the audio must not make all else small. */
const share = 0.99;

/** What is drawn up to the edge of a lane, of all channels alike; what is louder ends there. Percent. */
export function loudestOf(peaks: Peaks | undefined): number {
  const counts = new Array<number>(101).fill(0);
  let heard = 0;
  for (const { min, max } of peaks?.channels ?? []) {
    for (const [bucket, high] of max.entries()) {
      const loud = Math.min(100, Math.round(Math.max(high, -(min[bucket] ?? 0))));
      if (loud <= silence) continue;
      counts[loud] = (counts[loud] ?? 0) + 1;
      heard++;
    }
  }
  let below = 0;
  const edge = counts.findIndex((count) => {
    below += count;
    return heard > 0 && below >= heard * share;
  });
  return Math.max(quietest, edge);
}
