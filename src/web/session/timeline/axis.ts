/** The visible part of a session's axis, in seconds. */
export interface Window {
  from: number;
  to: number;
}

/** The minAxis window, in seconds: nothing is measured more finely. */
const minWindow = 0.5;

/** The minimum length of the axis, in seconds, for very short sessions. */
const minAxis = 1;

/** The whole axis. */
export const wholeOf = (duration: number): Window => ({ from: 0, to: Math.max(minAxis, duration) });

/** A window of the same length within the axis. */
export function clamped({ from, to }: Window, duration: number): Window {
  const whole = wholeOf(duration);
  const length = Math.min(whole.to, Math.max(minWindow, to - from));
  const start = Math.min(Math.max(0, from), whole.to - length);
  return { from: start, to: start + length };
}

/** The window scaled by `factor` around the moment `at`, which keeps its position. */
export function zoomed({ from, to }: Window, factor: number, at: number, duration: number): Window {
  const length = Math.min(wholeOf(duration).to, Math.max(minWindow, (to - from) * factor));
  const share = to > from ? (at - from) / (to - from) : 0.5;
  return clamped({ from: at - share * length, to: at + (1 - share) * length }, duration);
}

/** The window, moved if necessary so that a moment is visible, with some context before it. */
export function reveal(window: Window, at: number, duration: number): Window {
  const { from, to } = window;
  if (at >= from && at <= to) return window;
  const length = to - from;
  return clamped({ from: at - 0.1 * length, to: at + 0.9 * length }, duration);
}

const steps = [
  0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400,
] as const;

/** The ticks of the axis, at maxTicks `maxTicks`. */
export function ticksOf({ from, to }: Window, maxTicks: number): { step: number; ticks: number[] } {
  const step = steps.find((each) => (to - from) / each <= maxTicks) ?? 86_400;
  const ticks: number[] = [];
  for (let n = Math.ceil(from / step); n * step <= to; n++) ticks.push(n * step);
  return { step, ticks };
}

/** The range of a sorted list that is visible in a window; a long entry may begin far before it. */
export function visible<T>(
  sorted: readonly T[],
  { from, to }: Window,
  start: (each: T) => number,
  longest: number,
): readonly T[] {
  const first = lowerBound(sorted, from - longest, start);
  return sorted.slice(first, lowerBound(sorted, to, start, true));
}

/** The first entry that begins at or after a moment; `after`: only after it. */
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
