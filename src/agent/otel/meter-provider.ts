import {
  type Attributes,
  type Context,
  context as contexts,
  createNoopMeter,
  isSpanContextValid,
  type Meter,
  type MeterProvider,
  type MetricOptions,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Exemplar, Observation, Sink } from '../../catalogue/observation.ts';
import { fits, labelsOf, type Route } from './routes.ts';

export interface MeterProviderOptions {
  routes: ReadonlyMap<string, Route>;
  /** Gets what the instruments of the catalogue measure. */
  record: Sink;
  /** Makes every other instrument. @default they measure nothing */
  others?: MeterProvider;
}

/**
 * A meter provider whose synchronous instruments, where the catalogue knows them, are series of the
 * catalogue: with its buckets, only its labels, and over the relay from a job process. A sampled span
 * that is active becomes the exemplar.
 */
export function createMeterProvider({ routes, record, others }: MeterProviderOptions): MeterProvider {
  const routed = (name: string, type: Route['type'], options?: MetricOptions) => {
    const route = routes.get(name);
    if (!route || !fits(route, type, options?.unit)) return undefined;
    return (value: number, attributes?: Attributes, context?: Context) =>
      record({
        metric: route.metric as Observation['metric'],
        labels: labelsOf(route, attributes),
        value,
        exemplar: exemplar(context),
      });
  };

  return {
    getMeter(...scope) {
      const meter: Meter = others?.getMeter(...scope) ?? createNoopMeter();
      return {
        createHistogram(name, options) {
          const measure = routed(name, 'histogram', options);
          return measure ? { record: measure } : meter.createHistogram(name, options);
        },
        createCounter(name, options) {
          const measure = routed(name, 'counter', options);
          return measure ? { add: measure } : meter.createCounter(name, options);
        },
        createUpDownCounter(name, options) {
          const measure = routed(name, 'gauge', options);
          return measure ? { add: measure } : meter.createUpDownCounter(name, options);
        },
        createGauge: (name, options) => meter.createGauge(name, options),
        createObservableGauge: (name, options) => meter.createObservableGauge(name, options),
        createObservableCounter: (name, options) => meter.createObservableCounter(name, options),
        createObservableUpDownCounter: (name, options) => meter.createObservableUpDownCounter(name, options),
        addBatchObservableCallback: (callback, observables) =>
          meter.addBatchObservableCallback(callback, observables),
        removeBatchObservableCallback: (callback, observables) =>
          meter.removeBatchObservableCallback(callback, observables),
      };
    },
  };
}

function exemplar(context = contexts.active()): Exemplar | undefined {
  const span = trace.getSpanContext(context);
  if (!span || !isSpanContextValid(span) || !(span.traceFlags & TraceFlags.SAMPLED)) return undefined;
  return { trace_id: span.traceId, span_id: span.spanId };
}
