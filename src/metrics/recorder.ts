import { type Counter, type Gauge, Histogram, Registry } from 'prom-client';
import { type Labels, catalogue as standard } from '../catalogue/metrics.ts';
import type { Derivation, Exemplar, Observation } from '../catalogue/observation.ts';
import { labelSets, newAgent, startsBySeries } from '../catalogue/start-at-zero.ts';
import { commonLabels, type Identity, type MetricSpec } from '../catalogue/types.ts';
import { expose, type Format } from './exposition.ts';
import { admit, exposed, LabelCap, overflow } from './label-cap.ts';
import { adder, registerCatalogue } from './registry.ts';
import { addDerived, SeriesTable, type TrackedSeries, track } from './series-table.ts';

export type DropReason = Labels<'talkgauge_samples_dropped_total'>['reason'];

export interface RecorderOptions {
  /** Where the series are registered. @default a new registry */
  registry?: Registry;
  /** Labels that every series is exposed with; those that the registry has by itself go before them. @default none */
  labels?: Readonly<Record<string, string>>;
  /** Whom Talkgauge's own series (`talkgauge_*`) are about; asked each time, for it may become known late. @default unknown */
  identity?: () => Identity;
  /** How many values a label may have; when it is full, further ones become `other`, unless an idle one is evicted (see `idleMs`). @default 200 */
  maxLabelValues?: number;
  /** How many label sets there may be in all; samples of further ones are dropped, unless an idle one is evicted (see `idleMs`). @default 20000 */
  maxSeries?: number;
  /** Labels of `talkgauge_build_info`. @default it is not exposed */
  buildInfo?: Labels<'talkgauge_build_info'>;
  /** Series derived from another, such as cost from usage. @default none */
  derivation?: Derivation;
  /** Gauges that are read at each exposition. @default none */
  states?: () => readonly Observation[];
  /** When the label sets were created that others have put into the registry, in unix seconds. @default not known */
  othersCreatedAt?: number;
  /**
   * Idle time after which a label's value, or a label set, may be evicted for a new one, in
   * milliseconds. @default 21600000, six hours
   */
  idleMs?: number;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /** @default the catalogue */
  specs?: Readonly<Record<string, MetricSpec>>;
}

/** One label set of one metric; keep it instead of looking it up for each sample. */
export interface Series {
  /** Increases a counter or gauge by `value`, or observes it. An impossible value is refused and counted. */
  add(value: number, exemplar?: Exemplar): void;
}

/** The only writer of the registry: it validates every sample, and counts those that it rejects. */
export interface Recorder {
  readonly registry: Registry;
  /** Whom Talkgauge's own series are about. */
  identity(): Identity;
  /** The series of a label set, or undefined when it is refused (which is counted). */
  series(metric: string, labels: Readonly<Record<string, string>>, identity: Identity): Series | undefined;
  record(observation: Observation, identity: Identity): void;
  /** Shows the series of an observation at 0, so that what is recorded later shows in a rate. @returns whether it is new */
  prepare(observation: Observation, identity: Identity): boolean;
  /** Counts samples that were lost before they came here. */
  dropped(reason: DropReason, count?: number): void;
  /**
   * Starts the counters of an agent at 0 whose labels are known beforehand, so that their first increase shows in a rate.
   * Those of which a label is known only later start when the catalogue says so.
   *
   * @param as a worker has only what it counts by itself: its jobs may be about others @default agent
   * @returns whether it is new
   */
  introduce(identity: Identity, as?: 'agent' | 'worker'): boolean;
  /** Protects an agent's labels from eviction until the returned function is called: while one of its jobs is connected. */
  hold(identity: Identity): () => void;
  expose(format: Format): Promise<string>;
}

/** A series without a value. */
interface LabelSet {
  metric: string;
  labels: Readonly<Record<string, string>>;
}

/** Larger than any sum of seconds, tokens or characters of a process's life; beyond it a sum loses its units. */
const maxValue = 1e15;

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
    othersCreatedAt,
    idleMs = 21_600_000,
    now = Date.now,
    specs = standard,
  } = options;
  const registered = registerCatalogue(specs, registry);
  const starts = startsBySeries(specs);
  /** When label sets were created, in unix seconds, by the object that prom-client keeps of each. */
  const created = new WeakMap<object, number>();
  const stamped = <L extends object>(labels: L): L => {
    created.set(labels, now() / 1000);
    return labels;
  };
  /** Above this number of series, none is created at 0: measured series take precedence. */
  const maxSeriesWithZeros = maxSeries / 2;
  const introduced = new Map<string, Identity>();
  const known = new SeriesTable<TrackedSeries>({
    max: maxSeries,
    idleMs,
    now,
    remove: ({ metric, labels }) => registered.get(metric)?.remove(labels as Record<string, string>),
  });
  const cap = new LabelCap({
    max: maxLabelValues,
    now,
    evict(label, seen) {
      const gone = known.evict(label, seen);
      for (const [key, about] of introduced) {
        if (gone.includes(exposed(about[label as keyof Identity] ?? ''))) introduced.delete(key);
      }
      return gone;
    },
  });

  const dropped = (reason: DropReason, count = 1) =>
    countOwn('talkgauge_samples_dropped_total', { reason }, count);

  /** The common labels of Talkgauge's own series. */
  const ownLabels = () => {
    const { agent_name, agent_version } = identity();
    return { agent_name: exposed(agent_name), agent_version: exposed(agent_version) };
  };

  /** Counts on Talkgauge's own series. These are few by construction, so no cap can stop them. */
  function countOwn(metric: string, labels: Record<string, string>, count: number): void {
    (registered.get(metric) as Counter | undefined)?.inc(stamped({ ...ownLabels(), ...labels }), count);
  }

  function series(
    metric: string,
    labels: Readonly<Record<string, string>>,
    about: Identity,
  ): TrackedSeries | undefined {
    const spec = Object.hasOwn(specs, metric) ? specs[metric] : undefined;
    const target = registered.get(metric);
    if (!spec || !target) return void dropped('unknown_metric');
    const result = admit(cap, spec, labels, about);
    if (!result) return void dropped('unknown_label');
    const { admitted, overflowed } = result;
    const key = JSON.stringify([metric, Object.values(admitted), overflowed]);
    const existing = known.get(key);
    if (existing) return existing;
    if (!known.hasCapacity()) return void dropped('series_limit');
    const add = adder(spec, target, stamped(admitted));
    const derive = metric === derivation?.from ? derived(derivation, admitted) : undefined;
    const made: TrackedSeries = track({
      ...{ metric, labels: admitted, spec, now },
      add(value, exemplar) {
        if (!Number.isFinite(value) || Math.abs(value) > maxValue || (value < 0 && spec.type !== 'gauge')) {
          dropped('invalid_value');
          return false;
        }
        for (const label of overflowed) countOwn('talkgauge_label_overflow_total', { label }, 1);
        add(value, exemplar);
        derive?.(value);
        return true;
      },
      recreate: () => series(metric, labels, about),
    });
    known.add(key, made);
    startAtZero(metric, admitted);
    return made;
  }

  /** Shows at 0 the counters of which a new label set (or a new agent) makes label sets known. */
  function startAtZero(
    series: string,
    { agent_name = '', agent_version = '', ...labels }: Readonly<Record<string, string>>,
  ): void {
    for (const { metric, ...start } of starts.get(series) ?? []) {
      for (const set of labelSets(specs[metric] as MetricSpec, start, labels)) {
        if (known.size < maxSeriesWithZeros) prepare({ metric, labels: set }, { agent_name, agent_version });
      }
    }
  }

  /** Adds to what is derived from a series, under the labels that the series itself is exposed with. */
  function derived(
    from: Derivation,
    { agent_name = '', agent_version = '', ...labels }: Record<string, string>,
  ) {
    return addDerived(from, labels, (metric, of) => series(metric, of, { agent_name, agent_version }));
  }

  /** Sets Talkgauge's own gauges, with the current identity. */
  function setOwnGauges(): void {
    const shown = new Set<string>();
    const show = (name: string, labels: Readonly<Record<string, string>>, value: number) => {
      const gauge = registered.get(name) as Gauge | undefined;
      if (!shown.has(name)) gauge?.reset();
      shown.add(name);
      gauge?.set({ ...ownLabels(), ...labels }, value);
    };
    show('talkgauge_series', {}, known.size);
    if (buildInfo) show('talkgauge_build_info', buildInfo, 1);
    for (const { metric, labels, value } of states()) show(metric, labels, value);
  }

  function prepare({ metric, labels }: LabelSet, about: Identity): boolean {
    const before = known.size;
    const spec = Object.hasOwn(specs, metric) ? specs[metric] : undefined;
    // A rejected series is counted when a sample of it is recorded.
    if (before >= maxSeries || !spec) return false;
    const { admitted, overflowed } = admit(cap, spec, labels, about) ?? {};
    if (!admitted) return false;
    const made = series(metric, labels, about);
    if (!made || known.size === before) return false;
    const target = registered.get(metric);
    // What overflowed may be there already, and is counted when it is recorded.
    if (target instanceof Histogram) {
      if (!Object.values(admitted).includes(overflow)) target.zero(stamped(admitted));
    } else if (overflowed?.length === 0) made.add(0);
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
    introduce(about, as = newAgent) {
      const key = JSON.stringify([as, about]);
      if (introduced.has(key)) return false;
      // A full label may evict a value, and with it the agents that were introduced under it.
      for (const label of commonLabels) cap.admit(label, exposed(about[label]));
      if (introduced.size >= maxLabelValues) return false;
      introduced.set(key, about);
      startAtZero(as, about);
      return true;
    },
    hold: ({ agent_name, agent_version }) =>
      known.hold({ agent_name: exposed(agent_name), agent_version: exposed(agent_version) }),
    expose(format) {
      setOwnGauges();
      const createdAt = (labels: object) => created.get(labels) ?? othersCreatedAt;
      return expose(registry, format, { labels: constantLabels, createdAt });
    },
  };
}
