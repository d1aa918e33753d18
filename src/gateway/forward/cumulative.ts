import { type Attributes, attributesOf } from '../decode/attribute-value.ts';
import {
  Histogram,
  HistogramPoint,
  Metric,
  MetricRequest,
  NumberPoint,
  Resource,
  ResourceMetrics,
  ScopeMetrics,
  Sum,
} from '../decode/otlp-schema.ts';
import { pair } from './otlp-request.ts';

/** A series with the sum of the jobs' reports. */
interface Series {
  name: string;
  unit: string;
  description: string;
  attributes: Record<string, string>;
  /** Its start in unix nanoseconds, as text. */
  since: string;
  sum?: number;
  /** Without its buckets: their bounds are meant for milliseconds, and the values are seconds. */
  histogram?: { count: number; sum: number };
}

export interface CumulativeState {
  /** The last upload that is included. */
  entry?: string;
  series: Record<string, Series>;
}

/** Attributes that are specific to a call: they would make a series of each call. */
const perCall =
  /^(room_id|job_id|lk\.(room_sid|job_id|simulation\..*|redaction\..*|cloud_agent_id)|lk\.pii\..*)$/;

/** Renamed to the names in Talkgauge's own series. */
const renamed: Readonly<Record<string, string>> = {
  'lk.agent_name': 'agent_name',
  'lk.deployment_id': 'agent_version',
};

/** Series that the gateway records itself, under the same names in Prometheus, and for agents of either SDK. */
const recorded = /^lk\.agents\.(?:turn|usage)\./;

/** Maximum number of series; points of further ones are dropped. */
const maxSeries = 10_000;
const delta = 1;
const cumulative = 2;

function labelsOf(attributes: Attributes): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (perCall.test(key) || value === null || typeof value === 'object') continue;
    labels[renamed[key] ?? key] = String(value);
  }
  return labels;
}

/**
 * Converts delta metrics of the SDKs, which each job reports, to the cumulative ones that Prometheus needs: sums over all
 * jobs of an agent. Series that the gateway records itself are omitted, and so are gauges and cumulative values of single
 * jobs, which cannot be added.
 */
export class Cumulative {
  #state: CumulativeState;

  constructor(state: CumulativeState = { series: {} }) {
    this.#state = state;
  }

  get state(): CumulativeState {
    return this.#state;
  }

  /**
   * @param entry identifies the upload, so that it counts once
   * @param now unix nanoseconds
   */
  add(request: MetricRequest, entry: string, now: bigint): void {
    if (this.#state.entry === entry) return;
    for (const { resource, scopeMetrics } of request.resourceMetrics) {
      const shared = attributesOf(resource?.attributes);
      const common = {
        'lk.agent_name': shared['lk.agent_name'] ?? null,
        'lk.deployment_id': shared['lk.deployment_id'] ?? null,
      };
      for (const metric of scopeMetrics.flatMap(({ metrics }) => metrics)) {
        const { data, name } = metric;
        if (recorded.test(name)) continue;
        if (data.case === 'sum' && data.value.isMonotonic && data.value.aggregationTemporality === delta) {
          for (const point of data.value.dataPoints) {
            const series = this.#series(metric, { ...common, ...attributesOf(point.attributes) }, now);
            if (series) series.sum = (series.sum ?? 0) + Number(point.value.value ?? 0);
          }
        }
        if (data.case === 'histogram' && data.value.aggregationTemporality === delta) {
          for (const point of data.value.dataPoints) {
            const series = this.#series(metric, { ...common, ...attributesOf(point.attributes) }, now);
            if (series) addHistogram(series, point);
          }
        }
      }
    }
    this.#state.entry = entry;
  }

  /** All series, as a request of totals up to `now` (unix nanoseconds); undefined if there are none. */
  request(now: bigint, resource: Readonly<Record<string, string>>): MetricRequest | undefined {
    const all = Object.values(this.#state.series);
    if (all.length === 0) return undefined;
    const metrics = all.map(
      (series) =>
        new Metric({
          name: series.name,
          unit: series.unit,
          description: series.description,
          data: dataOf(series, now),
        }),
    );
    return new MetricRequest({
      resourceMetrics: [
        new ResourceMetrics({
          resource: new Resource({
            attributes: Object.entries(resource).map(([key, value]) => pair(key, value)),
          }),
          scopeMetrics: [new ScopeMetrics({ metrics })],
        }),
      ],
    });
  }

  #series({ name, unit, description }: Metric, attributes: Attributes, now: bigint): Series | undefined {
    const labels = labelsOf(attributes);
    const key = JSON.stringify([name, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
    const { series } = this.#state;
    if (!Object.hasOwn(series, key)) {
      if (Object.keys(series).length >= maxSeries) return undefined;
      series[key] = { name, unit, description, attributes: labels, since: String(now) };
    }
    return series[key];
  }
}

function addHistogram(series: Series, { count, sum = 0 }: HistogramPoint): void {
  series.histogram ??= { count: 0, sum: 0 };
  series.histogram.count += Number(count);
  series.histogram.sum += sum;
}

function dataOf({ attributes, since, sum, histogram }: Series, now: bigint): Metric['data'] {
  const point = {
    attributes: Object.entries(attributes).map(([key, value]) => pair(key, value)),
    startTimeUnixNano: BigInt(since),
    timeUnixNano: now,
  };
  if (histogram) {
    const dataPoint = new HistogramPoint({
      ...point,
      count: BigInt(histogram.count),
      sum: histogram.sum,
      bucketCounts: [BigInt(histogram.count)],
    });
    return {
      case: 'histogram',
      value: new Histogram({ dataPoints: [dataPoint], aggregationTemporality: cumulative }),
    };
  }
  const dataPoint = new NumberPoint({ ...point, value: { case: 'asDouble', value: sum ?? 0 } });
  return {
    case: 'sum',
    value: new Sum({ dataPoints: [dataPoint], aggregationTemporality: cumulative, isMonotonic: true }),
  };
}
