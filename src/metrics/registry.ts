import { Counter, Gauge, Histogram, type Metric, type Registry } from 'prom-client';
import { commonLabels, type MetricSpec } from '../catalogue/types.ts';

const construct = { counter: Counter, gauge: Gauge, histogram: Histogram } as const;

/** Registers every series of the catalogue with prom-client; the result finds them by name. */
export function registerCatalogue(
  specs: Readonly<Record<string, MetricSpec>>,
  registry: Registry,
): ReadonlyMap<string, Metric> {
  const registered = new Map<string, Metric>();
  for (const [name, spec] of Object.entries(specs)) {
    const metric = new construct[spec.type]({
      name,
      help: spec.help,
      labelNames: [...commonLabels, ...Object.keys(spec.labels)],
      ...(spec.buckets && { buckets: [...spec.buckets] }),
      ...(spec.type === 'histogram' && { enableExemplars: true }),
      // prom-client refuses exemplars on a registry whose default format is text; both formats are
      // exposed from this one (see exposition.ts), so the metric joins it by hand.
      registers: [],
    });
    registry.registerMetric(metric);
    registered.set(name, metric);
  }
  return registered;
}
