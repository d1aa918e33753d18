/** What is seen of a session's axis, in seconds. */
export interface Window {
  from: number;
  to: number;
}

/** Closer than this nothing is measured. Seconds. */
const closest = 0.5;

/** Seconds that are there to draw on, however short a session is. */
const shortest = 1;

/** The whole axis. */
export const wholeOf = (duration: number): Window => ({ from: 0, to: Math.max(shortest, duration) });

/** A window of that length that lies within the axis. */
export function clamped({ from, to }: Window, duration: number): Window {
  const whole = wholeOf(duration);
  const length = Math.min(whole.to, Math.max(closest, to - from));
  const start = Math.min(Math.max(0, from), whole.to - length);
  return { from: start, to: start + length };
}

/** The window `factor` times as long, where the moment `at` stays in its place. */
export function zoomed({ from, to }: Window, factor: number, at: number, duration: number): Window {
  const length = Math.min(wholeOf(duration).to, Math.max(closest, (to - from) * factor));
  const share = to > from ? (at - from) / (to - from) : 0.5;
  return clamped({ from: at - share * length, to: at + (1 - share) * length }, duration);
}

/** The window, moved as far as it takes to see a moment, which then has something before it. */
export function revealing(window: Window, at: number, duration: number): Window {
  const { from, to } = window;
  if (at >= from && at <= to) return window;
  const length = to - from;
  return clamped({ from: at - 0.1 * length, to: at + 0.9 * length }, duration);
}

const steps = [
  0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400,
] as const;

/** Where the axis has its marks, at most so many. */
export function ticksOf({ from, to }: Window, most: number): { step: number; ticks: number[] } {
  const step = steps.find((each) => (to - from) / each <= most) ?? 86_400;
  const ticks: number[] = [];
  for (let n = Math.ceil(from / step); n * step <= to; n++) ticks.push(n * step);
  return { step, ticks };
}

/** The range of a sorted list of which a window shows something; what ends late may begin long before. */
export function visible<T>(
  sorted: readonly T[],
  { from, to }: Window,
  start: (each: T) => number,
  longest: number,
): readonly T[] {
  const first = lowerBound(sorted, from - longest, start);
  return sorted.slice(first, lowerBound(sorted, to, start, true));
}

/** The first that begins at a moment, or after it; `after`: after it. */
export function lowerBound<T>(
  sorted: readonly T[],
  moment: number,
  start: (each: T) => number,
  after = false,
): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = start(sorted[middle] as T);
    if (after ? at <= moment : at < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}
