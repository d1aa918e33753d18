import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type destinations, gateway } from '../catalogue/gateway.ts';
import type { MetricSpec } from '../catalogue/types.ts';

type Name = keyof typeof gateway;
type OfType<T extends MetricSpec['type']> = {
  [N in Name]: (typeof gateway)[N]['type'] extends T ? N : never;
}[Name];
type LabelsOf<N extends Name> = {
  readonly [L in keyof (typeof gateway)[N]['labels']]: (typeof gateway)[N]['labels'][L] extends readonly (infer V)[]
    ? V
    : string;
};

/** The gateway's self-monitoring, in a registry of its own. */
export class Telemetry {
  readonly registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, Histogram>();

  constructor() {
    for (const [name, spec] of Object.entries<MetricSpec>(gateway)) {
      const options = {
        name,
        help: spec.help,
        labelNames: Object.keys(spec.labels),
        registers: [this.registry],
      };
      if (spec.type === 'counter') this.#counters.set(name, new Counter(options));
      if (spec.type === 'histogram') {
        this.#histograms.set(name, new Histogram({ ...options, buckets: [...(spec.buckets ?? [])] }));
      }
    }
    this.#beginAtZero((labels) => !('destination' in labels));
  }

  /** Exposes the counters of a destination; unused destinations have none. */
  addDestination(backend: (typeof destinations)[number]): void {
    this.#beginAtZero(({ destination }) => destination === backend);
  }

  /** Initialized to 0: a counter that appears with its first event has no rate for it. */
  #beginAtZero(wanted: (labels: Readonly<Record<string, string>>) => boolean): void {
    for (const [name, counter] of this.#counters) {
      for (const labels of combinations(gateway[name as Name].labels).filter(wanted)) counter.inc(labels, 0);
    }
  }

  count<N extends OfType<'counter'>>(name: N, labels: LabelsOf<N>, by = 1): void {
    this.#counters.get(name)?.inc(labels as Record<string, string>, by);
  }

  observe<N extends OfType<'histogram'>>(name: N, labels: LabelsOf<N>, seconds: number): void {
    this.#histograms.get(name)?.observe(labels as Record<string, string>, seconds);
  }

  /** Reads a gauge at each scrape. */
  watch<N extends OfType<'gauge'>>(
    name: N,
    read: () => readonly { labels: LabelsOf<N>; value: number }[],
  ): void {
    const spec: MetricSpec = gateway[name];
    new Gauge({
      name,
      help: spec.help,
      labelNames: Object.keys(spec.labels),
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { labels, value } of read()) this.set(labels as Record<string, string>, value);
      },
    });
  }
}

/** All combinations of label values; none if a label may have any value. */
function combinations(labels: MetricSpec['labels']): Record<string, string>[] {
  let all: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    all = all.flatMap((each) =>
      values === 'open' ? [] : values.map((value) => ({ ...each, [label]: value })),
    );
  }
  return all;
}
