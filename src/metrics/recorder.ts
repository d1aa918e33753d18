import { type Counter, type Gauge, Histogram, Registry } from 'prom-client';
import { type Labels, catalogue as standard } from '../catalogue/metrics.ts';
import type { Derivation, Exemplar, Observation } from '../catalogue/observation.ts';
import { labelSets, newAgent, startsBySeries } from '../catalogue/start-at-zero.ts';
import { commonLabels, type Identity, type MetricSpec } from '../catalogue/types.ts';
import { expose, type Format } from './exposition.ts';
import { admit, exposed, LabelCap, overflow } from './label-cap.ts';
import { adder, registerCatalogue } from './registry.ts';
import { deriving, type KeptSeries, keep, SeriesTable } from './series-table.ts';

export type DropReason = Labels<'talkgauge_samples_dropped_total'>['reason'];

export interface RecorderOptions {
  /** Where the series are registered. @default a new registry */
  registry?: Registry;
  /** Labels that every series is exposed with; those that the registry has by itself go before them. @default none */
  labels?: Readonly<Record<string, string>>;
  /** Whom Talkgauge's own series (`talkgauge_*`) are about; asked each time, for it may become known late. @default unknown */
  identity?: () => Identity;
  /** How many values a label may have; when it is full, further ones become `other`, unless one is let go (see `idleMs`). @default 200 */
  maxLabelValues?: number;
  /** How many label sets there may be in all; samples of further ones are dropped, unless one is let go (see `idleMs`). @default 20000 */
  maxSeries?: number;
  /** What `talkgauge_build_info` tells. @default it is not shown */
  buildInfo?: Labels<'talkgauge_build_info'>;
  /** What grows along with a series, such as cost with usage. @default nothing */
  derivation?: Derivation;
  /** What gauges show of the state of things when they are exposed. @default nothing */
  states?: () => readonly Observation[];
  /** When the label sets were created that others have put into the registry, in unix seconds. @default not known */
  othersCreatedAt?: number;
  /**
   * How long a label's value, or a label set, must not have been seen before it can make room for a new one, in
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

/** The one way into the registry: what passes here is valid, and what does not is counted. */
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
  /** Keeps the labels of an agent from being let go, until what it returns is called: while a job of it is connected. */
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
  const creating = <L extends object>(labels: L): L => {
    created.set(labels, now() / 1000);
    return labels;
  };
  /** How many label sets there may be before none is started at 0 any more: what counts goes before what may count. */
  const roomForZeros = maxSeries / 2;
  const introduced = new Map<string, Identity>();
  const known = new SeriesTable<KeptSeries>({
    max: maxSeries,
    idleMs,
    now,
    remove: ({ metric, labels }) => registered.get(metric)?.remove(labels as Record<string, string>),
  });
  const cap = new LabelCap({
    max: maxLabelValues,
    now,
    letGo(label, seen) {
      const gone = known.letGo(label, seen);
      for (const [key, about] of introduced) {
        if (gone.includes(exposed(about[label as keyof Identity] ?? ''))) introduced.delete(key);
      }
      return gone;
    },
  });

  const dropped = (reason: DropReason, count = 1) =>
    count_('talkgauge_samples_dropped_total', { reason }, count);

  /** The common labels of Talkgauge's own series. */
  const self = () => {
    const { agent_name, agent_version } = identity();
    return { agent_name: exposed(agent_name), agent_version: exposed(agent_version) };
  };

  /** Counts on Talkgauge's own series. These are few by construction, so no cap can stop them. */
  function count_(metric: string, labels: Record<string, string>, count: number): void {
    (registered.get(metric) as Counter | undefined)?.inc(creating({ ...self(), ...labels }), count);
  }

  function series(
    metric: string,
    labels: Readonly<Record<string, string>>,
    about: Identity,
  ): KeptSeries | undefined {
    const spec = Object.hasOwn(specs, metric) ? specs[metric] : undefined;
    const target = registered.get(metric);
    if (!spec || !target) return void dropped('unknown_metric');
    const result = admit(cap, spec, labels, about);
    if (!result) return void dropped('unknown_label');
    const { admitted, overflowed } = result;
    const key = JSON.stringify([metric, Object.values(admitted), overflowed]);
    const existing = known.get(key);
    if (existing) return existing;
    if (!known.hasRoom()) return void dropped('series_limit');
    const add = adder(spec, target, creating(admitted));
    const derive = metric === derivation?.from ? derived(derivation, admitted) : undefined;
    const made: KeptSeries = keep({
      ...{ metric, labels: admitted, spec, now },
      add(value, exemplar) {
        if (!Number.isFinite(value) || Math.abs(value) > maxValue || (value < 0 && spec.type !== 'gauge')) {
          dropped('invalid_value');
          return false;
        }
        for (const label of overflowed) count_('talkgauge_label_overflow_total', { label }, 1);
        add(value, exemplar);
        derive?.(value);
        return true;
      },
      again: () => series(metric, labels, about),
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
        if (known.size < roomForZeros) prepare({ metric, labels: set }, { agent_name, agent_version });
      }
    }
  }

  /** Adds to what is derived from a series, under the labels that the series itself is exposed with. */
  function derived(
    from: Derivation,
    { agent_name = '', agent_version = '', ...labels }: Record<string, string>,
  ) {
    return deriving(from, labels, (metric, of) => series(metric, of, { agent_name, agent_version }));
  }

  /** What Talkgauge says of itself as a state, under the identity of the moment. */
  function showSelf(): void {
    const shown = new Set<string>();
    const show = (name: string, labels: Readonly<Record<string, string>>, value: number) => {
      const gauge = registered.get(name) as Gauge | undefined;
      if (!shown.has(name)) gauge?.reset();
      shown.add(name);
      gauge?.set({ ...self(), ...labels }, value);
    };
    show('talkgauge_series', {}, known.size);
    if (buildInfo) show('talkgauge_build_info', buildInfo, 1);
    for (const { metric, labels, value } of states()) show(metric, labels, value);
  }

  function prepare({ metric, labels }: LabelSet, about: Identity): boolean {
    const before = known.size;
    const spec = Object.hasOwn(specs, metric) ? specs[metric] : undefined;
    // What is refused is counted when it is recorded.
    if (before >= maxSeries || !spec) return false;
    const { admitted, overflowed } = admit(cap, spec, labels, about) ?? {};
    if (!admitted) return false;
    const made = series(metric, labels, about);
    if (!made || known.size === before) return false;
    const target = registered.get(metric);
    // What overflowed may be there already, and is counted when it is recorded.
    if (target instanceof Histogram) {
      if (!Object.values(admitted).includes(overflow)) target.zero(creating(admitted));
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
      // A full label may let one go, and with it who was introduced under it.
      for (const label of commonLabels) cap.admit(label, exposed(about[label]));
      if (introduced.size >= maxLabelValues) return false;
      introduced.set(key, about);
      startAtZero(as, about);
      return true;
    },
    hold: ({ agent_name, agent_version }) =>
      known.hold({ agent_name: exposed(agent_name), agent_version: exposed(agent_version) }),
    expose(format) {
      showSelf();
      const createdAt = (labels: object) => created.get(labels) ?? othersCreatedAt;
      return expose(registry, format, { labels: constantLabels, createdAt });
    },
  };
}
