import { catalogue, type MetricName } from '../../catalogue/metrics.ts';
import type { MetricSpec } from '../../catalogue/types.ts';
import type { DropReason } from '../../metrics/recorder.ts';
import { encodeDefinition, labelSetError, truncateLabel } from './protocol.ts';

/** A label set that a job has used, under the id that its worker knows it by. */
export interface JobSeries {
  readonly id: number;
  readonly type: MetricSpec['type'];
  /** The definition line of the id. */
  readonly definition: string;
  /** Counter: the increments that wait. Gauge: this job's whole share. Histogram: not used. */
  sum: number;
  /** Counter: how many samples wait in `sum`. */
  samples: number;
  /** Whether `sum` waits to be sent. */
  waiting: boolean;
}

type Node = JobSeries | Map<string, Node>;

interface Metric {
  spec: MetricSpec;
  names: readonly string[];
  /** A map per label, from its values to the next label's map, and at last to the series. */
  root: Node | undefined;
}

/** Counts dropped samples. It is exempt from the limit of series. */
export const dropsMetric = 'talkgauge_samples_dropped_total' satisfies MetricName;

/** Finds the series of a label set without building a key: this runs for every sample, in the job. */
export class JobSeriesTable {
  readonly #metrics = new Map<string, Metric>();
  readonly #series: JobSeries[] = [];
  readonly #max: number;
  /** How many series there are beyond the limit, to count drops: one per reason. */
  #drops = 0;

  /** `max`: how many series there may be. */
  constructor(max: number, specs: Readonly<Record<string, MetricSpec>> = catalogue) {
    this.#max = max;
    for (const [name, spec] of Object.entries(specs)) {
      this.#metrics.set(name, { spec, names: Object.keys(spec.labels), root: undefined });
    }
  }

  get size(): number {
    return this.#series.length;
  }

  /** In the order of their ids. */
  at(id: number): JobSeries | undefined {
    return this.#series[id];
  }

  [Symbol.iterator](): Iterator<JobSeries> {
    return this.#series[Symbol.iterator]();
  }

  /** The series of a label set, or why it has none. */
  find(metric: string, labels: Readonly<Record<string, string>>): JobSeries | DropReason {
    const known = this.#metrics.get(metric);
    if (known === undefined) return 'unknown_metric';
    const { names } = known;
    let surplus = -names.length;
    for (const _ in labels) surplus++;
    if (surplus !== 0) return 'unknown_label';
    let node = known.root;
    for (let at = 0; at < names.length && node !== undefined; at++) {
      node = (node as Map<string, Node>).get(labels[names[at]!]!);
    }
    return (node as JobSeries | undefined) ?? this.#define(metric, known, labels);
  }

  #define(metric: string, known: Metric, given: Readonly<Record<string, string>>): JobSeries | DropReason {
    const reason = labelSetError(known.spec, given);
    if (reason) return reason;
    const labels: Record<string, string> = {};
    for (const name of known.names) labels[name] = truncateLabel(given[name]!);
    const values = Object.values(labels);
    const existing = find(known.root, values);
    if (existing) return existing;
    if (metric === dropsMetric) this.#drops++;
    else if (this.#series.length - this.#drops >= this.#max) return 'series_limit';
    const id = this.#series.length;
    const series: JobSeries = {
      id,
      type: known.spec.type,
      definition: encodeDefinition(id, metric, labels),
      sum: 0,
      samples: 0,
      waiting: false,
    };
    this.#series.push(series);
    known.root = insert(known.root, values, series);
    return series;
  }
}

function find(root: Node | undefined, values: readonly string[]): JobSeries | undefined {
  let node = root;
  for (const value of values) node = (node as Map<string, Node> | undefined)?.get(value);
  return node as JobSeries | undefined;
}

function insert(node: Node | undefined, [value, ...rest]: readonly string[], series: JobSeries): Node {
  if (value === undefined) return series;
  const map = (node as Map<string, Node> | undefined) ?? new Map<string, Node>();
  map.set(value, insert(map.get(value), rest, series));
  return map;
}
