import {
  type Attributes,
  type Context,
  context as contexts,
  createNoopMeter,
  isSpanContextValid,
  type Meter,
  type MeterProvider,
  type MetricOptions,
  metrics,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { catalogue as standard } from '../../catalogue/metrics.ts';
import type { Exemplar, Observation, Sink } from '../../catalogue/observation.ts';
import type { MetricSpec } from '../../catalogue/types.ts';
import { registeredWithApi } from '../../private-apis/readers.ts';
import { labelName, unitName } from './naming.ts';

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

/** Prefix of a catalogue entry's `source` for an OpenTelemetry instrument. */
const marker = 'OpenTelemetry: ';

/** An instrument that is a series of the catalogue. */
export interface Route {
  metric: string;
  type: MetricSpec['type'];
  /** What the instrument's unit must be for the values to be the series' own, e.g. `seconds`. */
  unit: string;
  labels: ReadonlySet<string>;
}

/** The catalogue's series that come from OpenTelemetry, by the name of their instrument. */
export function routesOf(specs: Readonly<Record<string, MetricSpec>> = standard): ReadonlyMap<string, Route> {
  return new Map(
    Object.entries(specs)
      .filter(([, { source }]) => source.startsWith(marker))
      .map(([metric, { source, type, unit, labels }]) => [
        source.slice(marker.length),
        { metric, type, unit, labels: new Set(Object.keys(labels)) },
      ]),
  );
}

/** Whether an instrument of this kind and unit measures what the series of the route does. */
export const fits = (route: Route, type: Route['type'], unit: string | undefined): boolean =>
  route.type === type && unitName(unit) === route.unit;

/** The attributes that are labels of the series; all others (room, job, …) stay behind. */
export function labelsOf(
  { labels }: Route,
  attributes: Readonly<Record<string, unknown>> = {},
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [attribute, value] of Object.entries(attributes)) {
    const label = labelName(attribute);
    if (value !== undefined && labels.has(label)) kept[label] = String(value);
  }
  return kept;
}

const ours = Symbol.for('talkgauge.meterProvider');

/**
 * Makes `provider` the process's global one, unless there is one already: the user's own wins, and
 * the API lets it be set only once. Returns what takes it back, or undefined when it was not set
 * (then `log` gets the reason, except when the other one is Talkgauge's, too).
 */
export function registerMeterProvider(
  provider: MeterProvider,
  log: (message: string) => void,
): (() => void) | undefined {
  const existing = registeredWithApi(false)?.metrics;
  if (existing && ours in existing) return undefined;
  if (existing) {
    log('OpenTelemetry metrics go to the MeterProvider that is registered already; /metrics is without them');
    return undefined;
  }
  const tagged = Object.assign(provider, { [ours]: true });
  const taken = metrics.setGlobalMeterProvider(tagged);
  const registered = registeredWithApi(true);
  if (!taken) {
    log(
      `OpenTelemetry metrics are not on /metrics: @opentelemetry/api ${registered?.version} is in use already and ` +
        'does not go with the one that Talkgauge depends on; install a single version of it',
    );
    return undefined;
  }
  return () => {
    if (metrics.getMeterProvider() === tagged) metrics.disable();
  };
}
