import {
  type Metric,
  type MetricObjectWithValues,
  type MetricValue,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
} from 'prom-client';
import {
  escapeHelp,
  escapeLabelValue,
  type Format,
  formatNumber,
  labelPairs,
} from '../catalogue/exposition-text.ts';
import { defaultLabelsOf, valuesOf } from '../private-apis/readers.ts';

export type { Format };

/** A registry of either kind: a user's own may be an OpenMetrics one. */
type AnyRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;

type Labels = Readonly<Record<string, string | number | undefined>>;

interface Exemplar {
  labelSet: Labels;
  value: number;
  timestamp: number;
}

/** A sample; the samples of one histogram share an object of labels, where prom-client hands it out. */
interface Value extends MetricValue<string> {
  metricName?: string;
  sharedLabels?: Labels;
  exemplar?: Exemplar | null;
}
interface Values extends MetricObjectWithValues<MetricValue<string>> {
  values: Value[];
}

export interface ExposeOptions {
  /** Added to every series; the registry's own default labels go before them. @default none */
  labels?: Readonly<Record<string, string>>;
  /** When the label set that a metric holds was created, in unix seconds. @default not known */
  createdAt?: (labels: object) => number | undefined;
}

/**
 * Renders a registry in either format, whatever its own is. prom-client renders one format per registry, and no `_created`.
 * What is read beyond its public methods is only faster, and may be gone in its next version.
 */
export async function expose(
  registry: AnyRegistry,
  format: Format,
  { labels = {}, createdAt = () => undefined }: ExposeOptions = {},
): Promise<string> {
  const { metrics, defaults } = await read(registry);
  const constant = { ...labels, ...defaults };
  const renamed = registry.contentType === Registry.OPENMETRICS_CONTENT_TYPE;
  const created = format === 'openmetrics-created' ? createdAt : () => undefined;
  const families = metrics.map((metric) => family(metric, { format, renamed, constant, created }));
  if (format === 'text') return `${families.join('\n\n')}\n`;
  return [...families, '# EOF\n'].join('\n');
}

/** All metrics with their values, and the registry's default labels, where the values do not have them yet. */
async function read(registry: AnyRegistry): Promise<{ metrics: readonly Values[]; defaults: Labels }> {
  // prom-client's JSON has the default labels on each value, at the price of copies.
  const defaults = defaultLabelsOf(registry);
  if (!defaults) return { metrics: (await registry.getMetricsAsJSON()) as readonly Values[], defaults: {} };
  const metrics = registry.getMetricsAsArray() as unknown as Metric[];
  return {
    metrics: (await Promise.all(metrics.map((metric) => valuesOf(metric)))) as readonly Values[],
    defaults,
  };
}

interface Rendering {
  format: Format;
  /** Whether the registry is an OpenMetrics one, whose counters lose their suffix for good when it renders itself. */
  renamed: boolean;
  constant: Labels;
  created: (labels: object) => number | undefined;
}

function family(metric: Values, { format, renamed, constant, created }: Rendering): string {
  const { name, help, values } = metric;
  const openmetrics = format !== 'text';
  // Of prom-client's types it is the name.
  const type = String(metric.type);
  const counter = type === 'counter';
  const base = counter ? name.replace(/_total$/, '') : name;
  const sample = counter && (openmetrics || renamed) ? `${base}_total` : name;
  const described = openmetrics ? base : sample;
  const lines = [
    `# HELP ${described} ${openmetrics ? escapeLabelValue(help) : escapeHelp(help)}`,
    `# TYPE ${described} ${typeIn(format, type, name)}`,
  ];
  const texts = new Map<object, string>();
  for (const value of values) {
    const { labels, sharedLabels: shared, exemplar, metricName = sample } = value;
    const key = shared ?? labels;
    const text = texts.get(key) ?? labelPairs({ ...key, ...constant, ...key });
    texts.set(key, text);
    const own = shared && labelPairs(labels);
    const pairs = own && text ? `${own},${text}` : own || text;
    const link = openmetrics && exemplar ? exemplarText(exemplar) : '';
    lines.push(`${metricName}${pairs && `{${pairs}}`} ${formatNumber(value.value)}${link}`);
    if (!counter && !(type === 'histogram' && metricName.endsWith('_count'))) continue;
    const at = created(key);
    // Behind the samples of its label set, where Prometheus looks for it.
    if (at !== undefined) lines.push(`${base}_created${text && `{${text}}`} ${formatNumber(at)}`);
  }
  return lines.join('\n');
}

/**
 * LiveKit's own names, such as `lk_agents_active_job_count`: `promtool check metrics` takes the suffix for a histogram's, and
 * refuses it unless the type is left open.
 */
const typeIn = (format: Format, type: string, name: string): string =>
  format === 'text' && type === 'gauge' && name.endsWith('_count') ? 'untyped' : type;

const exemplarText = ({ labelSet, value, timestamp }: Exemplar): string =>
  ` # {${labelPairs(labelSet)}} ${formatNumber(value)} ${timestamp}`;
