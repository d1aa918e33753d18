import type { Message, MessageType } from '@bufbuild/protobuf';
import { KeyValue, many, message, messageType, Resource, Scope, scalar } from './otlp-schema.ts';

interface Point {
  attributes: KeyValue[];
  startTimeUnixNano: bigint;
  timeUnixNano: bigint;
}
export interface NumberPoint extends Message<NumberPoint>, Point {
  value:
    | { case: 'asDouble'; value: number }
    | { case: 'asInt'; value: bigint }
    | { case: undefined; value?: undefined };
}
export interface HistogramPoint extends Message<HistogramPoint>, Point {
  count: bigint;
  sum?: number;
  bucketCounts: bigint[];
  explicitBounds: number[];
  min?: number;
  max?: number;
}
interface Gauge extends Message<Gauge> {
  dataPoints: NumberPoint[];
}
/** 1: delta, 2: cumulative. */
interface Sum extends Message<Sum> {
  dataPoints: NumberPoint[];
  aggregationTemporality: number;
  isMonotonic: boolean;
}
interface Histogram extends Message<Histogram> {
  dataPoints: HistogramPoint[];
  aggregationTemporality: number;
}
export interface Metric extends Message<Metric> {
  name: string;
  description: string;
  unit: string;
  data:
    | { case: 'gauge'; value: Gauge }
    | { case: 'sum'; value: Sum }
    | { case: 'histogram'; value: Histogram }
    | { case: undefined; value?: undefined };
}
interface ScopeMetrics extends Message<ScopeMetrics> {
  scope?: Scope;
  metrics: Metric[];
}
interface ResourceMetrics extends Message<ResourceMetrics> {
  resource?: Resource;
  scopeMetrics: ScopeMetrics[];
}
export interface MetricRequest extends Message<MetricRequest> {
  resourceMetrics: ResourceMetrics[];
}

const value = { oneof: 'value' };
const data = { oneof: 'data' };

export const NumberPoint: MessageType<NumberPoint> = messageType('metrics.v1.NumberDataPoint', () => [
  message(7, 'attributes', KeyValue, many),
  scalar(2, 'start_time_unix_nano', 'fixed64'),
  scalar(3, 'time_unix_nano', 'fixed64'),
  scalar(4, 'as_double', 'double', value),
  scalar(6, 'as_int', 'sfixed64', value),
]);
export const HistogramPoint: MessageType<HistogramPoint> = messageType(
  'metrics.v1.HistogramDataPoint',
  () => [
    message(9, 'attributes', KeyValue, many),
    scalar(2, 'start_time_unix_nano', 'fixed64'),
    scalar(3, 'time_unix_nano', 'fixed64'),
    scalar(4, 'count', 'fixed64'),
    scalar(5, 'sum', 'double', { opt: true }),
    scalar(6, 'bucket_counts', 'fixed64', many),
    scalar(7, 'explicit_bounds', 'double', many),
    scalar(11, 'min', 'double', { opt: true }),
    scalar(12, 'max', 'double', { opt: true }),
  ],
);
export const Gauge: MessageType<Gauge> = messageType('metrics.v1.Gauge', () => [
  message(1, 'data_points', NumberPoint, many),
]);
export const Sum: MessageType<Sum> = messageType('metrics.v1.Sum', () => [
  message(1, 'data_points', NumberPoint, many),
  scalar(2, 'aggregation_temporality', 'int32'),
  scalar(3, 'is_monotonic', 'bool'),
]);
export const Histogram: MessageType<Histogram> = messageType('metrics.v1.Histogram', () => [
  message(1, 'data_points', HistogramPoint, many),
  scalar(2, 'aggregation_temporality', 'int32'),
]);
export const Metric: MessageType<Metric> = messageType('metrics.v1.Metric', () => [
  scalar(1, 'name', 'string'),
  scalar(2, 'description', 'string'),
  scalar(3, 'unit', 'string'),
  message(5, 'gauge', Gauge, data),
  message(7, 'sum', Sum, data),
  message(9, 'histogram', Histogram, data),
]);
export const ScopeMetrics: MessageType<ScopeMetrics> = messageType('metrics.v1.ScopeMetrics', () => [
  message(1, 'scope', Scope),
  message(2, 'metrics', Metric, many),
]);
export const ResourceMetrics: MessageType<ResourceMetrics> = messageType('metrics.v1.ResourceMetrics', () => [
  message(1, 'resource', Resource),
  message(2, 'scope_metrics', ScopeMetrics, many),
]);
export const MetricRequest: MessageType<MetricRequest> = messageType(
  'collector.metrics.v1.ExportMetricsServiceRequest',
  () => [message(1, 'resource_metrics', ResourceMetrics, many)],
);
