import {
  type Metric,
  type MetricObject,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
} from 'prom-client';

/** OpenMetrics 1.0, which carries exemplars, or the Prometheus text format 0.0.4. */
export type Format = 'openmetrics' | 'text';

/** A registry of either kind: a user's own may be an OpenMetrics one. */
type AnyRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

/**
 * Renders a registry in either format, whatever its own is.
 *
 * @param labels added to every series; the registry's own default labels go before them
 */
export async function expose(
  registry: AnyRegistry,
  format: Format,
  labels: Readonly<Record<string, string>> = {},
): Promise<string> {
  const rendering = new Registry<PrometheusContentType | OpenMetricsContentType>();
  rendering.setContentType(
    format === 'openmetrics' ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE,
  );
  rendering.setDefaultLabels({ ...labels, ...defaultLabels(registry) });
  const renamed = registry.contentType === Registry.OPENMETRICS_CONTENT_TYPE;
  for (const metric of registry.getMetricsAsArray())
    rendering.registerMetric(viewOf(metric, format, renamed));
  return rendering.metrics();
}

/**
 * A metric under the name and type that it has in a format.
 *
 * @param renamed whether its registry is an OpenMetrics one, whose counters may have lost their suffix
 */
function viewOf(metric: MetricObject, format: Format, renamed: boolean): Metric {
  // prom-client renames counters for good when it renders OpenMetrics; a view takes the new name instead.
  const view = Object.create(metric) as { name: string; type: string };
  if (format === 'text') {
    if (renamed && view.type === 'counter') view.name = `${metric.name.replace(/_total$/, '')}_total`;
    // LiveKit's own names, such as `lk_agents_active_job_count`: `promtool check metrics` takes the suffix
    // for a histogram's, and refuses it unless the type is left open.
    if (view.type === 'gauge' && metric.name.endsWith('_count')) view.type = 'untyped';
  }
  return view as unknown as Metric;
}

/** prom-client has a setter for the default labels and no getter. */
const defaultLabels = (registry: AnyRegistry): object =>
  (registry as unknown as { _defaultLabels: object })._defaultLabels;
