import type { Labels, MetricName } from './metrics.ts';

/** Where to look for the one call behind a sample. Label names as Prometheus and Tempo expect them. */
export interface Exemplar {
  trace_id: string;
  span_id?: string;
}

/**
 * One sample on its way from an event to a series: what a counter or a gauge is increased by (a gauge's
 * may be negative), or what a histogram observes. The value is in the series' unit.
 */
export interface Observation {
  metric: MetricName;
  labels: Readonly<Record<string, string>>;
  value: number;
  exemplar?: Exemplar;
}

/** Where observations go: the registry of this process, or the relay to the worker's. */
export type Sink = (observation: Observation) => void;

/** An observation whose labels are checked against the catalogue by the compiler. */
export const observation = <M extends MetricName>(
  metric: M,
  labels: Labels<M>,
  value: number,
  exemplar?: Exemplar,
): Observation => ({ metric, labels: labels as Observation['labels'], value, exemplar });

/** A series that grows along with another one, by `factor` for each unit that is added there. */
export interface DerivedSeries {
  readonly metric: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  readonly factor: number;
}

/** What adding to one metric adds to others, as cost follows usage; asked where the registry is. */
export interface Derivation {
  /** The metric that others are derived from. */
  readonly from: MetricName;
  /** Changes whenever `of` may answer differently, so that answers can be kept until then. */
  readonly revision: number;
  /** What grows along with the series of these labels. */
  of(labels: Readonly<Record<string, string>>): readonly DerivedSeries[];
}
