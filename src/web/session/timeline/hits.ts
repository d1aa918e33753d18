import { formatClock, formatReason, formatSpan } from '../../formats.ts';
import { visible, type Window } from './axis.ts';
import { lanes, type Scene, segmentNames } from './scene.ts';

/** A description of what is drawn at a point. */
export interface Hit {
  text: string;
  /** Its start, in seconds on the axis, and its turn. */
  at: number;
  turn?: number;
}

type Bars = Scene['bars'];
type Words = { [L in keyof Bars]: (bar: Bars[L][number]) => (string | undefined | false)[] };

const words: Words = {
  user: ({ overlap }) => ['User', overlap && 'while the agent spoke'],
  agent: ({ interrupted }) => ['Agent', interrupted && 'interrupted'],
  latency: ({ segment }) => [`Wait: ${segmentNames[segment]}`],
  thinking: ({ model, ttft }) => [
    model ?? 'LLM',
    ttft !== undefined && `first token after ${formatSpan(ttft)}`,
  ],
  tools: ({ name, isError }) => [`Tool ${name ?? ''}`, isError && 'failed'],
};

const eventNames: Readonly<Record<Scene['events'][number]['kind'], string>> = {
  interruption: 'The user interrupted the agent',
  handoff: 'Handoff',
  error: 'Error',
  blocked: 'The event loop was blocked',
  closed: 'Closed',
};

const line = (parts: readonly (string | undefined | false)[]): string => parts.filter(Boolean).join(' · ');

/** The text of an event: what happened, and when. */
export function eventText({ kind, label, seconds, at }: Scene['events'][number]): string {
  const labelText = kind === 'closed' && label !== undefined ? formatReason(label) : label;
  return line([
    eventNames[kind],
    labelText,
    seconds !== undefined && formatSpan(seconds),
    formatClock(at, 1),
  ]);
}

/**
 * What is drawn at a point.
 *
 * @param at seconds on the axis
 * @param slack tolerance in seconds, for items narrower than a finger or a pointer
 */
export function hitAt(scene: Scene, window: Window, at: number, y: number, slack: number): Hit | undefined {
  const lane = lanes.find(({ top, height }) => y >= top - 3 && y < top + height + 3);
  if (!lane) return undefined;
  const near = { from: Math.max(window.from, at - slack), to: Math.min(window.to, at + slack) };
  if (lane.name === 'events') {
    const [event] = visible(scene.events, near, (each) => each.at, 0);
    if (!event) return undefined;
    return { text: eventText(event), at: event.at, turn: event.turn };
  }
  const { name } = lane;
  const bars = visible<{ start: number; end: number; turn?: number }>(
    scene.bars[name],
    near,
    ({ start }) => start,
    scene.longest[name],
  ).filter(({ end }) => end >= near.from);
  // Of the bars at this point, the shortest is on top.
  const bar = [...bars].sort((a, b) => a.end - a.start - (b.end - b.start))[0];
  if (!bar) return undefined;
  const { start, end, turn } = bar;
  return {
    text: line([
      ...words[name](bar as never),
      formatSpan(end - start),
      turn !== undefined && turn > 0 && `turn ${turn}`,
      formatClock(start, 1),
    ]),
    at: start,
    turn,
  };
}
