import { useEffect, useState } from 'preact/hooks';
import { formatClock } from '../../formats.ts';
import { ticksOf, visible, type Window } from './axis.ts';
import { axisHeight, drawingHeight, type Lane, lanes, type Scene, segmentToken } from './scene.ts';

/** What is drawn, and its size, colours and font. */
export interface Painting {
  scene: Scene;
  window: Window;
  /** Pixels. */
  width: number;
  colours: Colours;
  /** The selected turn. */
  chosen?: number;
  /** The font of the axis. */
  font: string;
}

/** Converts seconds on the axis to pixels from the left. */
export type Scale = (at: number) => number;

export function scaleOf({ window: { from, to }, width }: Pick<Painting, 'window' | 'width'>): Scale {
  const perSecond = width / (to - from);
  return (at) => (at - from) * perSecond;
}

/** Converts pixels from the left to seconds on the axis. */
export function momentAt(
  x: number,
  { window: { from, to }, width }: Pick<Painting, 'window' | 'width'>,
): number {
  return from + (x / Math.max(1, width)) * (to - from);
}

const names = [
  'surface',
  'sunken',
  'chosen',
  'line',
  'line-strong',
  'text',
  'text-2',
  'bad',
  'warn',
  'user',
  'agent',
  'thinking',
  'tool',
  'event',
  'endpointing',
  'transcription',
  'user-hook',
  'llm',
  'tools',
  'tts',
  'unattributed',
] as const;

/** The stylesheet's colours in a format that a canvas accepts. */
export type Colours = Readonly<Record<(typeof names)[number], string>>;

/** A browser resolves `light-dark()` only in properties, so that the value is read from a colour property. */
function read(): Colours {
  const probe = document.createElement('span');
  document.body.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found) as unknown as Colours;
}

/** The colours of the current theme. */
export function useColours(): Colours {
  const [colours, setColours] = useState(read);
  useEffect(() => {
    const update = () => setColours(read());
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', update);
    const chosen = new MutationObserver(update);
    chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      system.removeEventListener('change', update);
      chosen.disconnect();
    };
  }, []);
  return colours;
}

/** The number of times that fonts were loaded: unlike other text, text on a canvas keeps the previous font. */
export function useLoadedFonts(): number {
  const [times, setTimes] = useState(0);
  useEffect(() => {
    const count = () => setTimes((before) => before + 1);
    document.fonts.addEventListener('loadingdone', count);
    return () => document.fonts.removeEventListener('loadingdone', count);
  }, []);
  return times;
}

/** Draws the waveform of a lane's channel: for each pixel, the minimum and maximum of its buckets. */
export function paintWave(
  context: CanvasRenderingContext2D,
  lane: Lane,
  { scene, window, width }: Painting,
  colour: string,
  x: Scale,
): void {
  const { peaks, audioOffset, loudest } = scene;
  const channel = peaks?.channels.find(({ of }) => of === lane.name || of === 'both');
  if (!peaks || !channel) return;
  const half = lane.height / 2;
  const middle = lane.top + half;
  const unit = (half - 1) / loudest;
  const left = Math.max(0, Math.floor(x(audioOffset)));
  const right = Math.min(width, Math.ceil(x(audioOffset + peaks.duration)));
  const perPixel = (window.to - window.from) / width / peaks.bucketSeconds;
  const first = (window.from - audioOffset) / peaks.bucketSeconds;
  context.fillStyle = colour;
  for (let at = left; at < right; at++) {
    const from = Math.max(0, Math.floor(first + at * perPixel));
    const to = Math.min(channel.max.length, Math.max(from + 1, Math.floor(first + (at + 1) * perPixel)));
    let [low, high] = [0, 0];
    for (let bucket = from; bucket < to; bucket++) {
      low = Math.min(low, channel.min[bucket] ?? 0);
      high = Math.max(high, channel.max[bucket] ?? 0);
    }
    [low, high] = [Math.max(low, -loudest), Math.min(high, loudest)];
    if (high - low > 1) context.fillRect(at, middle - high * unit, 1, Math.max(1, (high - low) * unit));
  }
}

/** The minimum width of a bar in pixels, so that short ones are visible. */
const minBarWidth = 1.5;

/** Draws the part of a session within a window. */
export function paint(context: CanvasRenderingContext2D, painting: Painting): void {
  const { width, colours, window } = painting;
  const x = scaleOf(painting);
  context.clearRect(0, 0, width, drawingHeight);
  paintTurns(context, painting, x);
  paintAxis(context, painting, x);
  for (const lane of lanes) {
    if (lane.name === 'events') paintEvents(context, lane, painting, x);
    else paintBars(context, lane, painting, x);
  }
  // The end of the axis, if it is before the end of the window.
  const end = x(painting.scene.duration);
  if (end < width && painting.scene.duration < window.to) {
    context.fillStyle = colours.sunken;
    context.fillRect(end, axisHeight, width - end, drawingHeight - axisHeight);
  }
}

function paintTurns(context: CanvasRenderingContext2D, painting: Painting, x: Scale): void {
  const { scene, colours, chosen, width } = painting;
  const turn = scene.turns.find((each) => each.turn === chosen);
  if (turn) {
    context.fillStyle = colours.chosen;
    const left = Math.max(0, x(turn.start));
    const right = Math.min(width, Math.max(x(turn.end), x(turn.start) + 2));
    if (right > left) context.fillRect(left, axisHeight, right - left, drawingHeight - axisHeight);
  }
  for (const lane of lanes.slice(0, 2)) {
    context.fillStyle = colours.line;
    context.fillRect(0, lane.top + lane.height / 2, width, 1);
  }
}

function paintAxis(context: CanvasRenderingContext2D, painting: Painting, x: Scale): void {
  const { window, width, colours, font } = painting;
  const { step, ticks } = ticksOf(window, Math.max(2, Math.floor(width / 90)));
  context.font = font;
  context.textBaseline = 'middle';
  for (const tick of ticks) {
    const at = Math.round(x(tick));
    context.fillStyle = colours.line;
    context.fillRect(at, axisHeight - 6, 1, drawingHeight - axisHeight + 6);
    context.fillStyle = colours['text-2'];
    const label = formatClock(tick, step < 1 ? (step < 0.25 ? 1 : 2) : 0);
    // The last label is omitted if it does not fit.
    if (at + 4 + label.length * 7 < width) context.fillText(label, at + 4, axisHeight / 2 - 1);
  }
}

function paintBars(context: CanvasRenderingContext2D, lane: Lane, painting: Painting, x: Scale): void {
  const { scene, window, colours } = painting;
  if (lane.name === 'events') return;
  const bars = visible<{ start: number; end: number }>(
    scene.bars[lane.name],
    window,
    ({ start }) => start,
    scene.longest[lane.name],
  );
  const speech = lane.name === 'user' || lane.name === 'agent';
  const colour = lane.name === 'latency' ? '' : laneColour(lane, colours);
  if (lane.name === 'latency' && scene.noLatencyReason !== undefined)
    paintText(context, lane, scene.noLatencyReason, painting);
  const waves = speech && scene.peaks !== undefined;
  for (const bar of bars) {
    const left = x(bar.start);
    const width = Math.max(minBarWidth, x(bar.end) - left);
    context.fillStyle = barColour(bar, colours) ?? colour;
    context.globalAlpha = waves ? 0.18 : 1;
    if (width < 4) context.fillRect(left, lane.top, width, lane.height);
    else {
      context.beginPath();
      context.roundRect(left, lane.top, width, lane.height, lane.name === 'latency' ? 0 : 3);
      context.fill();
    }
    context.globalAlpha = 1;
    if ('interrupted' in bar && bar.interrupted) {
      context.fillStyle = colours.bad;
      context.fillRect(left + width - 2, lane.top, 2, lane.height);
    }
  }
  if (waves) paintWave(context, lane, painting, colour, x);
}

/** The text of a lane without bars, condensed if it does not fit. */
function paintText(context: CanvasRenderingContext2D, lane: Lane, text: string, painting: Painting): void {
  context.font = painting.font;
  context.textBaseline = 'middle';
  // The background hides the grid lines behind the text.
  context.fillStyle = painting.colours.surface;
  context.fillRect(2, lane.top, context.measureText(text).width + 8, lane.height);
  context.fillStyle = painting.colours['text-2'];
  context.fillText(text, 6, lane.top + lane.height / 2 + 0.5);
}

const laneColour = ({ name }: Lane, colours: Colours): string =>
  ({
    user: colours.user,
    agent: colours.agent,
    thinking: colours.thinking,
    tools: colours.tool,
    latency: colours.llm,
    events: colours.event,
  })[name];

/** The colour of a bar that differs from its lane. */
function barColour(bar: object, colours: Colours): string | undefined {
  if ('isError' in bar && bar.isError) return colours.bad;
  if ('segment' in bar) return colours[segmentToken(bar.segment as never).slice(2) as keyof Colours];
  return undefined;
}

function paintEvents(context: CanvasRenderingContext2D, lane: Lane, painting: Painting, x: Scale): void {
  const { scene, window, colours } = painting;
  const middle = lane.top + lane.height / 2;
  for (const { at, kind } of visible(scene.events, window, (event) => event.at, 1)) {
    // An event at the very end is visible, too.
    const left = Math.min(x(at), painting.width - 5);
    const colour = { interruption: colours.warn, error: colours.bad }[kind as string];
    context.fillStyle = colour ?? colours.event;
    context.beginPath();
    if (kind === 'error') {
      context.moveTo(left, middle - 6);
      context.lineTo(left + 6, middle + 5);
      context.lineTo(left - 6, middle + 5);
    } else if (kind === 'handoff') {
      context.moveTo(left - 4, middle - 5);
      context.lineTo(left + 5, middle);
      context.lineTo(left - 4, middle + 5);
    } else if (kind === 'blocked') context.rect(left - 1.5, middle - 7, 3, 14);
    else if (kind === 'closed') context.rect(left - 4, middle - 4, 8, 8);
    else context.arc(left, middle, 4.5, 0, 2 * Math.PI);
    context.fill();
  }
}
