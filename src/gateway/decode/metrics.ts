import { type Attributes, attributesOf, secondsOf } from './attribute-value.ts';
import { requireFewFields } from './decode-limits.ts';
import { type Identity, identityOf, merged } from './identity.ts';
import { type HistogramPoint, MetricRequest, type NumberPoint } from './metric-schema.ts';
import type { MetricPoint } from './records.ts';

/** A point of an instrument, and whose it is. */
export interface OwnedPoint {
  identity: Identity;
  point: MetricPoint;
}

const delta = 1;

const numberPoint = ({ value }: NumberPoint) => ({
  value: value.case === undefined ? undefined : Number(value.value),
});
const histogramPoint = ({ count, sum, min, max }: HistogramPoint) => ({
  count: Number(count),
  sum,
  min,
  max,
});

/** @throws Error if it is no `ExportMetricsServiceRequest`, or has too many parts */
export function metricsOf(body: Uint8Array): OwnedPoint[] {
  requireFewFields(body, MetricRequest);
  const found: OwnedPoint[] = [];
  for (const { resource, scopeMetrics } of MetricRequest.fromBinary(body).resourceMetrics) {
    const shared = attributesOf(resource?.attributes);
    for (const { name, unit, data } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      if (data.case === undefined) continue;
      for (const wire of data.value.dataPoints) {
        const attributes: Attributes = attributesOf(wire.attributes);
        found.push({
          identity: merged(identityOf(shared), identityOf(attributes)),
          point: {
            name,
            unit,
            at: secondsOf(wire.timeUnixNano),
            attributes,
            ...('count' in wire ? histogramPoint(wire) : numberPoint(wire)),
            delta: data.case !== 'gauge' && data.value.aggregationTemporality === delta,
          },
        });
      }
    }
  }
  return found;
}
