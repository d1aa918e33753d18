import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client';

/** OpenMetrics 1.0, which carries exemplars, or the Prometheus text format 0.0.4. */
export type Format = 'openmetrics' | 'text';

/** Renders a registry in either format. */
export async function expose(registry: Registry, format: Format): Promise<string> {
  if (format === 'text') return registry.metrics();
  const openMetrics = new Registry<OpenMetricsContentType>();
  openMetrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  openMetrics.setDefaultLabels(defaultLabels(registry));
  for (const metric of registry.getMetricsAsArray()) {
    // prom-client renames counters for good when it renders OpenMetrics; a view takes the new name instead.
    openMetrics.registerMetric(Object.create(metric) as Metric);
  }
  return openMetrics.metrics();
}

/** prom-client has a setter for the default labels and no getter. */
const defaultLabels = (registry: Registry): object =>
  (registry as unknown as { _defaultLabels: object })._defaultLabels;
