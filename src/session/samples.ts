import type { Labels, MetricName } from '../catalogue/metrics.ts';
import { type Observation, observation } from '../catalogue/observation.ts';

type Reason = Labels<'talkgauge_invalid_samples_total'>['reason'];

/**
 * The time between two times, all in seconds. As a double, a unix time is only precise to a quarter of a microsecond:
 * without rounding, the difference of two times that are 100 ms apart would be 0.09999990463256836.
 */
export function elapsed(from: number, to: number): number {
  const difference = to - from;
  return Math.abs(to) > 1e9 ? rounded(difference) : difference;
}

/** Rounded to a microsecond. */
export const rounded = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;

/** The valid values of a series. */
export interface Guard {
  /** The largest valid value, in the unit of the series. */
  max: number;
  /** Whether 0 means that nothing was measured. @default false */
  zeroIsMissing?: boolean;
}

/** Delays within a conversation. An end-of-utterance delay of 203 s was seen (livekit/agents #6093), which is invalid: no caller waits that long. */
export const delayGuard: Guard = { max: 180 };
/** Requests to models and tools. Longer ones result from clock changes and suspended processes. */
export const requestGuard: Guard = { max: 600 };
/** Whole calls. */
export const callGuard: Guard = { max: 7 * 24 * 3600 };
/** Counts and sums. */
export const amountGuard: Guard = { max: 1e12 };

/** LiveKit reports -1 where nothing was measured: in seconds, or in milliseconds, of which a thousandth is left. */
const notMeasured: readonly number[] = [-1, -0.001];

/** Why a value is invalid; undefined if it is valid. */
function invalidReason(value: unknown, guard: Guard): Reason | undefined {
  // JSON has neither NaN nor infinity: an event log has null instead.
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'nan';
  if ((value < 0 && notMeasured.includes(value)) || (value === 0 && guard.zeroIsMissing)) return 'missing';
  if (value < 0) return 'negative';
  return value > guard.max ? 'absurd' : undefined;
}

/** `value` if it is valid, else 0. */
export const validOrZero = (value: number | undefined, guard: Guard): number =>
  value === undefined || invalidReason(value, guard) ? 0 : value;

/** Converts values of SDK events to observations. Invalid values are counted instead. */
export class Samples {
  readonly observations: Observation[] = [];

  add<M extends MetricName>(metric: M, labels: Labels<M>, value: number): void {
    this.observations.push(observation(metric, labels, value));
  }

  /**
   * Adds `value`, in the unit of the series, if it is valid. Returns whether it was added. `undefined` was not measured,
   * and is no invalid sample.
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

  /** Like `measure`, for a counter: 0 adds nothing and creates no series. */
  count<M extends MetricName>(metric: M, labels: Labels<M>, value: number | undefined): void {
    if (value !== 0) this.measure(metric, labels, value, amountGuard);
  }
}
