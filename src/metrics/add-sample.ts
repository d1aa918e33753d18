import type { Counter, Gauge, Histogram, Metric } from 'prom-client';
import type { Exemplar } from '../catalogue/observation.ts';
import type { MetricSpec } from '../catalogue/types.ts';

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
