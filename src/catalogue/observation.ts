import type { Labels, MetricName } from './metrics.ts';

/** The trace and span of a sample. Label names as Prometheus and Tempo expect them. */
export interface Exemplar {
  trace_id: string;
  span_id?: string;
}

/**
 * A sample of a series: the increment of a counter or a gauge (which may be negative for a gauge), or the observed value of
 * a histogram. The value is in the series' unit.
 */
export interface Observation {
  metric: MetricName;
  labels: Readonly<Record<string, string>>;
  value: number;
  exemplar?: Exemplar;
}

/** The destination of observations: the registry of this process, or the relay to the worker's. */
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

/**
 * Derives increments of other metrics from those of one metric, such as cost from usage; evaluated in the process with the
 * registry.
 */
export interface Derivation {
  /** The metric that others are derived from. */
  readonly from: MetricName;
  /** Changes whenever `of` may return other results, so that they can be cached until then. */
  readonly revision: number;
  /** The series derived from the series with these labels. */
  of(labels: Readonly<Record<string, string>>): readonly DerivedSeries[];
}
