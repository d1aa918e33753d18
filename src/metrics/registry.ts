import { Counter, Gauge, Histogram, type Metric, type Registry } from 'prom-client';
import type { Exemplar } from '../catalogue/observation.ts';
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

const traceId = /^[0-9a-f]{32}$/;
const spanId = /^[0-9a-f]{16}$/;

/** Adds samples to one label set of a metric of prom-client. */
export function adder(
  spec: MetricSpec,
  target: Metric,
  labels: Record<string, string>,
): (value: number, exemplar?: Exemplar) => void {
  if (spec.type === 'counter') return (value: number) => (target as Counter).inc(labels, value);
  if (spec.type === 'gauge') return (value: number) => (target as Gauge).inc(labels, value);
  return (value: number, exemplar?: Exemplar) =>
    (target as Histogram).observe({ labels, value, ...(exemplar && valid(exemplar)) } as never);
}

/** An exemplar that Prometheus can link from; one with malformed ids is left out, its sample is not. */
function valid({ trace_id, span_id }: Exemplar): { exemplarLabels?: Record<string, string> } {
  if (!traceId.test(trace_id)) return {};
  return { exemplarLabels: span_id && spanId.test(span_id) ? { trace_id, span_id } : { trace_id } };
}
