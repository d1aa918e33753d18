import type { Labels, MetricName } from '../catalogue/metrics.ts';
import { type Observation, observation } from '../catalogue/observation.ts';

type Reason = Labels<'talkgauge_invalid_samples_total'>['reason'];

/** Milliseconds, as the SDK reports most durations, to seconds. The only place that knows of milliseconds. */
export const seconds = (ms: number): number => ms / 1000;

/** What a value must be to be believed. */
export interface Guard {
  /** The largest value that can be true, in the series' unit. */
  max: number;
  /** Whether 0 means that nothing was measured. @default false */
  zeroIsMissing?: boolean;
}

/** Delays within a conversation. 203 s of end-of-utterance delay was seen (livekit/agents #6093): no caller waits so long. */
export const delayGuard: Guard = { max: 180 };
/** Requests to models and tools. Beyond ten minutes a clock jumped or a process slept. */
export const requestGuard: Guard = { max: 600 };
/** Whole calls. */
export const callGuard: Guard = { max: 7 * 24 * 3600 };
/** Counts, and sums that may be large. */
export const amountGuard: Guard = { max: 1e12 };

/** Why a value is refused; undefined when it is believed. LiveKit reports -1 where nothing was measured. */
function invalidReason(value: unknown, guard: Guard): Reason | undefined {
  // JSON has neither NaN nor infinity: a recording holds null in their place.
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'nan';
  if (value === -1 || value === seconds(-1) || (value === 0 && guard.zeroIsMissing)) return 'missing';
  if (value < 0) return 'negative';
  return value > guard.max ? 'absurd' : undefined;
}

/** `value` where it can be true, else 0: for sums of what is known. */
export const validOrZero = (value: number | undefined, guard: Guard): number =>
  value === undefined || invalidReason(value, guard) ? 0 : value;

/** Turns values of SDK events into observations; what it refuses, it counts. */
export class Samples {
  readonly observations: Observation[] = [];

  add<M extends MetricName>(metric: M, labels: Labels<M>, value: number): void {
    this.observations.push(observation(metric, labels, value));
  }

  /**
   * Adds `value` (in the series' unit) if it can be true, and says whether it did. A field that an event
   * leaves out was not measured: that is no invalid sample.
   */
  measure<M extends MetricName>(
    metric: M,
    labels: Labels<M>,
    value: number | undefined,
    guard: Guard,
  ): boolean {
    if (value === undefined) return false;
    const reason = invalidReason(value, guard);
    if (reason) this.add('talkgauge_invalid_samples_total', { metric, reason }, 1);
    else this.add(metric, labels, value);
    return !reason;
  }

  /** Like `measure`, for a counter: 0 adds nothing, and shows nothing. */
  count<M extends MetricName>(metric: M, labels: Labels<M>, value: number | undefined): void {
    if (value !== 0) this.measure(metric, labels, value, amountGuard);
  }
}

/** A field in milliseconds, or undefined where the event has none; NaN if it holds anything but a number. */
export const fromMs = (ms: number | undefined | null): number | undefined => {
  if (ms === undefined) return undefined;
  return typeof ms === 'number' ? seconds(ms) : Number.NaN;
};
