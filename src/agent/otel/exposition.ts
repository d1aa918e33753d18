import { ValueType } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Format } from '../../catalogue/exposition-text.ts';
import { familyName, labelName } from './naming.ts';

export interface Point {
  labels: Readonly<Record<string, string>>;
  /** A histogram's own counts per bucket (not cumulative), the last one for +Inf. */
  value: number | Histogram;
  /** Since when it is counted, in unix seconds; of what isn't a gauge. */
  created?: number;
}

/** A metric family as Prometheus understands it. */
export interface Family {
  /** Without a counter's `_total`. */
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  unit?: string;
  /** One per label set. */
  points: Point[];
}

/** What a family and its samples are called; no other family may use any of these names. */
export const namesOf = ({ name, type }: Pick<Family, 'name' | 'type'>): string[] => [
  name,
  ...suffixes[type].map((suffix) => name + suffix),
];

const suffixes = {
  counter: ['_total', '_created'],
  gauge: [],
  histogram: ['_bucket', '_sum', '_count', '_created'],
} as const;

/**
 * What was collected, as families of which each name occurs once, and each label set once in it:
 * the same instrument from two libraries, or two attributes that become one label name, are added up
 * (the last value counts for gauges). `refuse` is called for an instrument that cannot join its family,
 * because the type or the buckets differ.
 */
export function familiesOf(
  collected: ResourceMetrics,
  constantLabels: Readonly<Record<string, string>>,
  refuse: (instrument: string, why: string) => void,
): Family[] {
  const families = new Map<string, { family: Family; points: Map<string, Point> }>();
  for (const data of collected.scopeMetrics.flatMap(({ metrics }) => metrics)) {
    const type = typeOf(data);
    if (!type || data.dataPoints.length === 0) continue;
    const { name, unit } = familyName(data.descriptor.name, data.descriptor.unit, type);
    const help = data.descriptor.description || `OpenTelemetry instrument ${data.descriptor.name}.`;
    const entry = families.get(name) ?? {
      family: { name, type, help, unit, points: [] },
      points: new Map<string, Point>(),
    };
    families.set(name, entry);
    if (entry.family.type !== type) {
      refuse(data.descriptor.name, `${name} is a ${entry.family.type} already`);
      continue;
    }
    for (const { attributes, value, startTime } of data.dataPoints) {
      const labels = labelsOf(attributes, constantLabels);
      const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
      const known = entry.points.get(key);
      const before = known?.value;
      const created = Math.min(known?.created ?? Number.POSITIVE_INFINITY, secondsOf(startTime));
      const sum =
        before === undefined ? (value as Point['value']) : add(type, before, value as Point['value']);
      if (sum === undefined) refuse(data.descriptor.name, `${name} has other buckets already`);
      else entry.points.set(key, { labels, value: sum, ...(type !== 'gauge' && { created }) });
    }
  }
  return [...families.values()].map(({ family, points }) => ({ ...family, points: [...points.values()] }));
}

/** A time of OpenTelemetry, seconds and nanoseconds; no clock of a process is finer than a millisecond. */
const secondsOf = ([seconds, nanoseconds]: readonly [number, number]): number =>
  seconds + Math.round(nanoseconds / 1e6) / 1e3;

function typeOf(data: MetricData): Family['type'] | undefined {
  switch (data.dataPointType) {
    case DataPointType.SUM:
      return data.isMonotonic ? 'counter' : 'gauge';
    case DataPointType.GAUGE:
      return 'gauge';
    case DataPointType.HISTOGRAM:
      return 'histogram';
    default:
      return undefined;
  }
}

function labelsOf(
  attributes: Readonly<Record<string, unknown>>,
  constantLabels: Readonly<Record<string, string>>,
): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    const name = labelName(attribute);
    // `le` is a histogram's own.
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    labels[name === 'le' ? 'le_' : name] = text.toWellFormed();
  }
  return { ...labels, ...constantLabels };
}

function add(
  type: Family['type'],
  before: Point['value'],
  value: Point['value'],
): Point['value'] | undefined {
  if (typeof before === 'number' || typeof value === 'number') {
    return type === 'counter' ? Number(before) + Number(value) : value;
  }
  const { boundaries } = before.buckets;
  if (boundaries.join() !== value.buckets.boundaries.join()) return undefined;
  return {
    buckets: {
      boundaries,
      counts: before.buckets.counts.map((count, i) => count + (value.buckets.counts[i] ?? 0)),
    },
    count: before.count + value.count,
    sum: (before.sum ?? 0) + (value.sum ?? 0),
  };
}

const end = '# EOF\n';

/**
 * The families as `@opentelemetry/exporter-prometheus` writes them, without OpenMetrics' final `# EOF`; see {@link append}. It
 * writes the text format 0.0.4: OpenMetrics, which names counters without `_total` in comments, has quotes escaped in a HELP, and
 * has `_created`, is made from that.
 */
export const render = (families: readonly Family[], format: Format): string =>
  families.map((family) => (format === 'text' ? serialize(family) : openMetrics(family, format))).join('');

/** An exposition with further families at its end, which its own must not contain. */
export function append(exposition: string, families: string, format: Format): string {
  const whole = exposition.endsWith(end) ? exposition.slice(0, -end.length) : exposition;
  const separated = whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`;
  return `${separated}${families}${format === 'text' ? '' : end}`;
}

// Without prefix, timestamps, labels of the resource, `target_info` and `otel_scope_*`.
const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

const serialize = (family: Family): string =>
  serializer.serialize({
    resource: emptyResource(),
    scopeMetrics: [{ scope: { name: '' }, metrics: [metricOf(family)] }],
  });

/** A family as the SDK would have collected it. */
function metricOf({ name, type, help, unit = '', points }: Family): MetricData {
  const descriptor = { name, description: help, unit, valueType: ValueType.DOUBLE };
  const dataPoints = points.map(({ labels, value }) => ({
    attributes: labels,
    value,
    startTime: [0, 0],
    endTime: [0, 0],
  }));
  return {
    descriptor,
    dataPoints,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: dataPointTypes[type],
    isMonotonic: type === 'counter',
  } as MetricData;
}

const dataPointTypes = {
  counter: DataPointType.SUM,
  gauge: DataPointType.GAUGE,
  histogram: DataPointType.HISTOGRAM,
} as const;

function openMetrics(family: Family, format: Format): string {
  const comments = commentsOf(serialize({ ...family, points: [] })).map((line) => {
    const [, word, name = '', text = ''] = /^# (\w+) (\S+) ?(.*)$/.exec(line) ?? [];
    const own = family.type === 'counter' ? name.replace(/_total$/, '') : name;
    return `# ${word} ${own} ${word === 'HELP' ? text.replaceAll('"', '\\"') : text}\n`;
  });
  if (format === 'openmetrics') return comments.join('') + samplesOf(family);
  const samples = family.points.map((point) => {
    const { labels, created } = point;
    const of = samplesOf({ ...family, points: [point] });
    if (created === undefined) return of;
    const name = `${family.name}_created`;
    return of + samplesOf({ name, type: 'gauge', help: '', points: [{ labels, value: created }] });
  });
  return comments.join('') + samples.join('');
}

const isComment = (line: string): boolean => line.startsWith('#');
const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
const commentsOf = (text: string): string[] => linesOf(text).filter(isComment);
const samplesOf = (family: Family): string =>
  linesOf(serialize(family))
    .filter((line) => !isComment(line))
    .map((line) => `${line}\n`)
    .join('');
