import { baseline, type Measure } from '../baselines.ts';
import { type Format, lookup } from './lookup.ts';

/** A ratio as it is read: `5 %`. */
export const percent = (ratio: number): string => `${Number((100 * ratio).toFixed(2))} %`;

/**
 * A Prometheus template that says what a measure usually is for the alert's labels; nothing if that is not known.
 *
 * @param labels by which the measure is told apart
 */
export const usual = (measure: Measure, labels: readonly string[], as: Format): string =>
  lookup(`${baseline(measure)}{}`, labels, as);
