import type { Peaks, Timeline } from '../../api.ts';

export type LaneName = 'user' | 'agent' | 'latency' | 'thinking' | 'tools' | 'events';

/** A lane of the drawing, in pixels. */
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

/** The height of the bar below the lanes that shows the visible part. */
const extentHeight = 10;

export const drawingHeight =
  axisHeight + heights.reduce((sum, each) => sum + each[2] + gap, 0) + extentHeight;

type Turn = Timeline['turns'][number];
export type Segment = NonNullable<Turn['latency']>['segments'][number]['segment'];

/** A segment of the time that a caller waited, as a bar. Seconds on the axis. */
export interface Wait {
  start: number;
  end: number;
  turn: number;
  segment: Segment;
}

/** Everything that is drawn, sorted by start. */
export interface Scene {
  duration: number;
  turns: readonly Turn[];
  bars: Timeline['lanes'] & { latency: readonly Wait[] };
  events: Timeline['events'];
  /** Seconds of the longest bar of a lane, to find the bars that reach into a window. */
  longest: Readonly<Record<Exclude<LaneName, 'events'>, number>>;
  peaks?: Peaks;
  /** The amplitude at the edge of a lane, in percent. */
  loudest: number;
  /** The start of the recording. */
  audioOffset: number;
  /** Why no turn has a latency. */
  noLatencyReason?: string;
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
    noLatencyReason: latency.length > 0 ? undefined : noLatencyReasonOf(timeline.turns),
  };
}

/** Why a turn has no latency; shown in the turn, or in the latency lane. */
export const unmeasuredTexts: Readonly<Record<NonNullable<Turn['unmeasured']>, string>> = {
  realtime: 'No latency: the SDKs measure none of realtime models',
  typed: 'No latency: the user typed',
  unanswered: 'No latency: the agent did not answer',
  not_reported: 'No latency: the SDK measured none',
};

/** The reason of the first turn without a latency, if it stands for all turns. */
function noLatencyReasonOf(turns: readonly Turn[]): string | undefined {
  const [reason, ...others] = new Set(turns.flatMap(({ unmeasured }) => unmeasured ?? []));
  if (reason === undefined) return undefined;
  return others.length === 0 ? unmeasuredTexts[reason] : 'No turn has a latency';
}

/** The displayed names of the latency segments. */
export const segmentNames: Readonly<Record<Segment, string>> = {
  transcription: 'Transcription',
  endpointing: 'End of turn',
  user_hook: 'User hook',
  llm: 'LLM',
  tools: 'Tools',
  tts: 'TTS',
  unattributed: 'Unattributed',
};

/** The colour of a segment, as in styles/tokens.css. */
export const segmentToken = (segment: Segment): string => `--${segment.replace('_', '-')}`;

/** The minimum amplitude at the edge of a lane, in percent, so that noise is not magnified. */
const minEdge = 20;

/** The threshold of silenceThreshold, in percent. */
const silenceThreshold = 2;

/** The shareWithinEdge of audible buckets within the edge: one click in the audio must not shrink everything else. */
const shareWithinEdge = 0.99;

/** The amplitude at the edge of a lane, in percent, the same for all channels; louder buckets are clipped. */
export function loudestOf(peaks: Peaks | undefined): number {
  const counts = new Array<number>(101).fill(0);
  let heard = 0;
  for (const { min, max } of peaks?.channels ?? []) {
    for (const [bucket, high] of max.entries()) {
      const loud = Math.min(100, Math.round(Math.max(high, -(min[bucket] ?? 0))));
      if (loud <= silenceThreshold) continue;
      counts[loud] = (counts[loud] ?? 0) + 1;
      heard++;
    }
  }
  let below = 0;
  const edge = counts.findIndex((count) => {
    below += count;
    return heard > 0 && below >= heard * shareWithinEdge;
  });
  return Math.max(minEdge, edge);
}
