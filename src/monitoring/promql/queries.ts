import { catalogue, type MetricName } from '../../catalogue/metrics.ts';
import {
  agentSeries,
  hasLongRate,
  nameByLevel,
  nameByRange,
  recordedRate,
  recordedSeconds,
  recordedWindow,
  recordingInterval,
  resolution,
  type SeriesSuffix,
} from './recorded-series.ts';
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelOf,
  type Matchers,
  matchers,
  selector,
  type Where,
} from './series.ts';

/** What the queries of a board or of a rule have in common. */
export interface Scope {
  /** Matchers, as PromQL writes them, of every raw series: which targets are meant. Recorded series have met them. */
  selector: readonly string[];
  /** Matchers on labels; those that a series does not have are left out. */
  where: Matchers;
  /** Matchers that only raw series can meet, and series recorded for each worker: `instance`. @default none */
  worker?: Matchers;
  /** Labels of the user's own that every series keeps. */
  labels: readonly string[];
  /** The range over which rates are taken. */
  window: string;
  /** Whether recorded series are read where there are some. */
  recorded: boolean;
  /** Whether a time range that the reader chooses decides which of them; see `resolution.ts`. @default false */
  byRange?: boolean;
}

interface QueryOptions<M extends MetricName> {
  /** What remains of the labels. @default none, all is one */
  by?: readonly LabelOf<M>[];
  where?: Where<M>;
  /** @default the scope's */
  window?: string;
  /** `offset 1d`. @default now */
  offset?: string;
}

export type Queries = ReturnType<typeof createQueries>;

/** PromQL over the catalogue. What it says is a text; a series or label that does not exist does not compile. */
export function createQueries(scope: Scope) {
  /** What a series is selected by, with the scope's matchers that apply to it. */
  function select(metric: MetricName, name: string, where: Matchers, labels?: readonly string[]): string {
    const own = Object.keys(catalogue[metric]?.labels ?? {});
    const known = new Set([...own, 'agent_name', 'agent_version', ...scope.labels]);
    const applied = Object.entries(scope.where).filter(([label]) => known.has(label) && !(label in where));
    const raw = labels === undefined;
    const target = raw || labels.includes('instance') ? (scope.worker ?? {}) : {};
    return selector(name, [
      ...(raw ? scope.selector : []),
      ...matchers({ ...target, ...Object.fromEntries(applied), ...where }),
    ]);
  }

  /** Whether the recorded series has kept all labels that are asked for. */
  function usable(metric: MetricName, part: SeriesSuffix, asked: readonly string[]) {
    if (!scope.recorded) return undefined;
    const recorded = recordedRate(metric, part);
    const kept = new Set([...recorded.labels, ...scope.labels]);
    const needed = [...asked, ...Object.keys(scope.worker ?? {})];
    return needed.every((label) => kept.has(label)) ? recorded : undefined;
  }

  /**
   * The growth of a counter over a window, up to a factor that is the same for all series: what ratios and quantiles
   * are made of. `per`: divided so that it is a rate per second, or the growth itself.
   */
  function growth(
    metric: MetricName,
    part: SeriesSuffix,
    {
      by = [],
      where = {},
      window = scope.window,
      offset,
    }: QueryOptions<MetricName> & { by?: readonly string[] },
    per?: 'second' | 'window',
  ): string {
    const asked = [...by, ...Object.keys(where)];
    const recorded = usable(metric, part, asked);
    const at = offset ? ` offset ${offset}` : '';
    const sum = aggregate('sum', by);
    if (!recorded) {
      const range = `${select(metric, `${metric}${part}`, where as Matchers)}[${window}]${at}`;
      return `${sum}(${per === 'window' ? 'increase' : 'rate'}(${range}))`;
    }
    const byRange = scope.byRange && window.startsWith('$__') && hasLongRate(metric, part);
    const interval = byRange ? resolution.seconds : recordingInterval;
    const byLevel = scope.byRange && hasLongRate(metric, part) && !asked.includes('instance');
    const ofLevel = byLevel ? (scope.worker ? nameByLevel : agentSeries)(recorded.name) : recorded.name;
    const name = byRange ? nameByRange(ofLevel) : ofLevel;
    const series = select(metric, name, where as Matchers, recorded.labels);
    // A rate over the window itself is exact; a sum of several reaches back by one more window.
    if (per === 'window' && window === recordedWindow) return `${sum}(${series}${at}) * ${recordedSeconds}`;
    if (per === 'window') return `${sum}(sum_over_time(${series}[${window}]${at})) * ${interval}`;
    if (window === recordedWindow) return `${sum}(${series}${at})`;
    return `${sum}(${per ? 'avg' : 'sum'}_over_time(${series}[${window}]${at}))`;
  }

  const queries = {
    scope,

    /** Events per second. */
    rate: <M extends CounterName>(metric: M, about: QueryOptions<M> = {}): string =>
      growth(metric, '', about as never, 'second'),

    /** Events in the window. */
    increase: <M extends CounterName>(metric: M, about: QueryOptions<M> = {}): string =>
      growth(metric, '', about as never, 'window'),

    /** Samples of a histogram per second. */
    countRate: <M extends HistogramName>(metric: M, about: QueryOptions<M> = {}): string =>
      growth(metric, '_count', about as never, 'second'),

    /** Samples of a histogram in the window. */
    count: <M extends HistogramName>(metric: M, about: QueryOptions<M> = {}): string =>
      growth(metric, '_count', about as never, 'window'),

    /** What the samples of a histogram sum up to in the window, in its unit. */
    total: <M extends HistogramName>(metric: M, about: QueryOptions<M> = {}): string =>
      growth(metric, '_sum', about as never, 'window'),

    /** What the samples of a histogram sum up to per second. */
    totalRate: <M extends HistogramName>(metric: M, about: QueryOptions<M> = {}): string =>
      growth(metric, '_sum', about as never, 'second'),

    /** A quantile, from 0 to 1, of a histogram; nothing where there were no samples. */
    quantile: <M extends HistogramName>(q: number, metric: M, about: QueryOptions<M> = {}): string =>
      `histogram_quantile(${q}, ${growth(metric, '_bucket', { ...about, by: ['le', ...(about.by ?? [])] } as never)}) >= 0`,

    /** The buckets of a histogram, as rates per second: a heatmap. */
    buckets: <M extends HistogramName>(metric: M, about: QueryOptions<M> = {}): string =>
      growth(metric, '_bucket', { ...about, by: ['le', ...(about.by ?? [])] } as never, 'second'),

    /** The buckets of a histogram, as counts in the window: to add and subtract histograms. */
    bucketCounts: <M extends HistogramName>(metric: M, about: QueryOptions<M> = {}): string =>
      growth(metric, '_bucket', { ...about, by: ['le', ...(about.by ?? [])] } as never, 'window'),

    /** The mean of a histogram's samples; nothing where there were none. */
    mean: <M extends HistogramName>(metric: M, about: QueryOptions<M> = {}): string =>
      `${growth(metric, '_sum', about as never)} / (${growth(metric, '_count', about as never)} > 0)`,

    /** The share of a histogram's samples up to a bucket's upper bound; nothing where there were no samples. */
    shareUpTo: <M extends HistogramName>(bound: number, metric: M, about: QueryOptions<M> = {}): string => {
      const below = { ...about, where: { ...about.where, le: { re: bucketMatcher(metric, bound) } } };
      const all = growth(metric, '_count', about as never);
      return `(${growth(metric, '_bucket', below as never)}) / (${all} > 0)`;
    },

    /** The share of a histogram's samples above a bucket's upper bound; nothing where there were no samples. */
    shareAbove: <M extends HistogramName>(bound: number, metric: M, about: QueryOptions<M> = {}): string =>
      // Buckets are scraped and recorded one by one: a value of 0 may come out slightly negative.
      `clamp_min(1 - ${queries.shareUpTo(bound, metric, about)}, 0)`,

    /** One counter over another, by the same labels; 0 where nothing has been counted above, nothing where nothing below. */
    share: <A extends CounterName, B extends CounterName>(
      part: readonly [A, QueryOptions<A>?],
      whole: readonly [B, QueryOptions<B>?],
    ): string => {
      const below = growth(whole[0], '', (whole[1] ?? {}) as never);
      return `(${growth(part[0], '', (part[1] ?? {}) as never)} or 0 * ${below}) / (${below} > 0)`;
    },

    /** A gauge over all that report it. */
    gauge: <M extends GaugeName>(
      metric: M,
      about: QueryOptions<M> & { as?: 'sum' | 'max' | 'avg' | 'min' } = {},
    ): string => `${aggregate(about.as ?? 'sum', about.by ?? [])}(${queries.series(metric, about)})`,

    /** A raw series and its matchers. */
    series: <M extends MetricName>(
      metric: M,
      about: Pick<QueryOptions<M>, 'where' | 'offset'> = {},
    ): string =>
      `${select(metric, metric, (about.where ?? {}) as Matchers)}${about.offset ? ` offset ${about.offset}` : ''}`,
  };
  return queries;
}

/** `sum by (a, b) `, or `sum` of all. */
const aggregate = (operator: string, by: readonly string[]): string =>
  by.length === 0 ? operator : `${operator} by (${by.join(', ')}) `;

/**
 * An upper bound of a histogram's buckets as a regular expression for `le`.
 * @throws if the histogram has no such bucket, because its share would have to be guessed
 */
export function bucketMatcher(metric: HistogramName, bound: number): string {
  const buckets = catalogue[metric]?.buckets ?? [];
  if (!buckets.includes(bound)) {
    throw new Error(`${bound} is no bucket of ${metric}; choose from ${buckets.join(', ')}`);
  }
  return boundMatcher(bound);
}

/** A bound as a regular expression for `le`. Prometheus 3 writes `5.0` where 2 wrote `5`. */
export const boundMatcher = (bound: number): string =>
  Number.isInteger(bound) ? `${bound}|${bound}\\\\.0` : `${bound}`.replace('.', '\\\\.');
