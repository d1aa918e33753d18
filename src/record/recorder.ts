import { type Counter, type Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { type Labels, catalogue as standard } from '../catalogue/metrics.ts';
import type { Derivation, Exemplar, Observation } from '../catalogue/observation.ts';
import { commonLabels, type Identity, type MetricSpec } from '../catalogue/types.ts';
import { deriving } from './derived-series.ts';
import { expose, type Format } from './exposition.ts';
import { LabelCap, overflow, sanitise } from './label-cap.ts';
import { registerCatalogue } from './registry.ts';

export type DropReason = Labels<'earshot_samples_dropped_total'>['reason'];

export interface RecorderOptions {
  /** Where the series are registered. @default a new registry */
  registry?: Registry;
  /** Labels that every series is exposed with; those that the registry has by itself go before them. @default none */
  labels?: Readonly<Record<string, string>>;
  /** Whom Earshot's own series (`earshot_*`) are about; asked each time, for it may become known late. @default unknown */
  identity?: () => Identity;
  /** How many values a label may have before further ones become `other`. @default 200 */
  maxLabelValues?: number;
  /** How many label sets there may be in all; samples of further ones are dropped. @default 20000 */
  maxSeries?: number;
  /** What `earshot_build_info` tells. @default it is not shown */
  buildInfo?: Labels<'earshot_build_info'>;
  /** What grows along with a series, such as cost with usage. @default nothing */
  derivation?: Derivation;
  /** What gauges show of the state of things when they are exposed. @default nothing */
  states?: () => readonly Observation[];
  /** @default the catalogue */
  specs?: Readonly<Record<string, MetricSpec>>;
}

/** One label set of one metric; keep it instead of looking it up for each sample. */
export interface Series {
  /** Increases a counter or gauge by `value`, or observes it. An impossible value is refused and counted. */
  add(value: number, exemplar?: Exemplar): void;
}

/** The one way into the registry: what passes here is valid, and what does not is counted. */
export interface Recorder {
  readonly registry: Registry;
  /** Whom Earshot's own series are about. */
  identity(): Identity;
  /** The series of a label set, or undefined when it is refused (which is counted). */
  series(metric: string, labels: Readonly<Record<string, string>>, identity: Identity): Series | undefined;
  record(observation: Observation, identity: Identity): void;
  /** Shows the series of an observation at 0, so that what is recorded later shows in a rate. @returns whether it is new */
  prepare(observation: Observation, identity: Identity): boolean;
  /** Counts samples that were lost before they came here. */
  dropped(reason: DropReason, count?: number): void;
  /** Starts every counter that has no open label at 0 for an agent, so that its first increase shows in a rate. */
  introduce(identity: Identity): void;
  expose(format: Format): Promise<string>;
}

/** Larger than any sum of seconds, tokens or characters of a process's life; beyond it a sum loses its units. */
const maxValue = 1e15;
const traceId = /^[0-9a-f]{32}$/;
const spanId = /^[0-9a-f]{16}$/;

/** Builds a recorder over the catalogue. */
export function createRecorder(options: RecorderOptions = {}): Recorder {
  const {
    registry = new Registry(),
    labels: constantLabels = {},
    identity = () => ({ agent_name: 'unknown', agent_version: 'unknown' }),
    maxLabelValues = 200,
    maxSeries = 20_000,
    buildInfo,
    derivation,
    states = () => [],
    specs = standard,
  } = options;
  const registered = registerCatalogue(specs, registry);
  const cap = new LabelCap(maxLabelValues);
  const known = new Map<string, Series>();
  const introduced = new Set<string>();

  const dropped = (reason: DropReason, count = 1) =>
    count_('earshot_samples_dropped_total', { reason }, count);

  /** The common labels of Earshot's own series. */
  const self = () => {
    const { agent_name, agent_version } = identity();
    return { agent_name: exposed(agent_name), agent_version: exposed(agent_version) };
  };

  /** Counts on Earshot's own series. These are few by construction, so no cap can stop them. */
  function count_(metric: string, labels: Record<string, string>, count: number): void {
    (registered.get(metric) as Counter | undefined)?.inc({ ...self(), ...labels }, count);
  }

  /** The exposed labels, or why there are none. */
  function admit(spec: MetricSpec, labels: Readonly<Record<string, string>>, about: Identity) {
    const names = Object.keys(spec.labels);
    if (Object.keys(labels).length !== names.length) return undefined;
    const admitted: Record<string, string> = {};
    const overflowed: string[] = [];
    for (const name of [...commonLabels, ...names]) {
      const value = Object.hasOwn(spec.labels, name) ? labels[name] : about[name as keyof Identity];
      if (typeof value !== 'string' || (name in labels && !Object.hasOwn(labels, name))) return undefined;
      const allowed = spec.labels[name] ?? 'open';
      if (allowed !== 'open') {
        if (!allowed.includes(value)) return undefined;
        admitted[name] = value;
        continue;
      }
      const clean = exposed(value);
      admitted[name] = cap.admit(name, clean);
      if (admitted[name] === overflow && clean !== overflow) overflowed.push(name);
    }
    return { admitted, overflowed };
  }

  function series(
    metric: string,
    labels: Readonly<Record<string, string>>,
    about: Identity,
  ): Series | undefined {
    const spec = Object.hasOwn(specs, metric) ? specs[metric] : undefined;
    const target = registered.get(metric);
    if (!spec || !target) return void dropped('unknown_metric');
    const result = admit(spec, labels, about);
    if (!result) return void dropped('unknown_label');
    const { admitted, overflowed } = result;
    const key = JSON.stringify([metric, Object.values(admitted), overflowed]);
    const existing = known.get(key);
    if (existing) return existing;
    if (known.size >= maxSeries) return void dropped('series_limit');
    const add = adder(spec, target, admitted);
    const derive = metric === derivation?.from ? derived(derivation, admitted) : undefined;
    const made: Series = {
      add(value, exemplar) {
        if (!Number.isFinite(value) || Math.abs(value) > maxValue || (value < 0 && spec.type !== 'gauge')) {
          dropped('invalid_value');
          return;
        }
        for (const label of overflowed) count_('earshot_label_overflow_total', { label }, 1);
        add(value, exemplar);
        derive?.(value);
      },
    };
    known.set(key, made);
    return made;
  }

  /** Adds to what is derived from a series, under the labels that the series itself is exposed with. */
  function derived(
    from: Derivation,
    { agent_name = '', agent_version = '', ...labels }: Record<string, string>,
  ) {
    return deriving(from, labels, (metric, of) => series(metric, of, { agent_name, agent_version }));
  }

  /** What Earshot says of itself as a state, under the identity of the moment. */
  function showSelf(): void {
    const shown = new Set<string>();
    const show = (name: string, labels: Readonly<Record<string, string>>, value: number) => {
      const gauge = registered.get(name) as Gauge | undefined;
      if (!shown.has(name)) gauge?.reset();
      shown.add(name);
      gauge?.set({ ...self(), ...labels }, value);
    };
    show('earshot_series', {}, known.size);
    if (buildInfo) show('earshot_build_info', buildInfo, 1);
    for (const { metric, labels, value } of states()) show(metric, labels, value);
  }

  function prepare({ metric, labels }: Observation, about: Identity): boolean {
    const before = known.size;
    const spec = Object.hasOwn(specs, metric) ? specs[metric] : undefined;
    // What is refused is counted when it is recorded.
    if (before >= maxSeries || !spec) return false;
    const { admitted } = admit(spec, labels, about) ?? {};
    if (!admitted) return false;
    const made = series(metric, labels, about);
    if (!made || known.size === before) return false;
    const target = registered.get(metric);
    // What overflowed may be there already, and is counted when it is recorded.
    if (Object.values(admitted).includes(overflow)) return true;
    if (target instanceof Histogram) target.zero(admitted);
    else made.add(0);
    return true;
  }

  return {
    registry,
    identity,
    series,
    prepare,
    dropped,
    record: (observation, about) =>
      series(observation.metric, observation.labels, about)?.add(observation.value, observation.exemplar),
    introduce(about) {
      const key = JSON.stringify(about);
      if (introduced.has(key) || introduced.size >= maxLabelValues) return;
      introduced.add(key);
      for (const [metric, spec] of Object.entries(specs)) {
        if (spec.type === 'histogram' || metric.startsWith('earshot_')) continue;
        for (const labels of closedLabelSets(spec)) series(metric, labels, about)?.add(0);
      }
    },
    expose(format) {
      showSelf();
      return expose(registry, format, constantLabels);
    },
  };
}

/** A label's value as it is exposed; an empty one would be no label at all. */
const exposed = (value: string): string => sanitise(value) || 'unknown';

/** All label sets of a series that has only labels with listed values; none for any other. */
function closedLabelSets(spec: MetricSpec): Record<string, string>[] {
  let sets: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries(spec.labels)) {
    if (values === 'open') return [];
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value })));
  }
  return sets;
}

function adder(spec: MetricSpec, target: Metric, labels: Record<string, string>) {
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
