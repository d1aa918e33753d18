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
