import type { MetricSpec, StartsWith } from './types.ts';

/** What {@link StartsWith} calls an agent whose first job is connected. */
export const newAgent = 'agent';
/** What it calls a worker that has its name: before its first job, and maybe of another name than its jobs. */
export const newWorker = 'worker';
/** Of what a worker counts by itself, whoever the jobs are about. */
export const fromWorkerStart: readonly StartsWith[] = [{ series: newWorker }, { series: newAgent }];

/** A counter, and which of its label sets are known then. */
export interface Start extends Omit<StartsWith, 'series'> {
  metric: string;
}

const isOpen = ({ labels }: MetricSpec): boolean => Object.values(labels).includes('open');

/** What makes label sets of a series known: of a counter that is not derived from another, and of a gauge that jobs share. */
export function startsOf(metric: string, spec: MetricSpec): readonly StartsWith[] {
  if (spec.type === 'gauge' && spec.onLost) return [{ series: newAgent }];
  if (spec.type !== 'counter' || spec.derived) return [];
  return spec.startsWith ?? [{ series: isOpen(spec) ? metric : newAgent }];
}

/** The counters that start at 0, by what makes their label sets known. */
export function startsBySeries(
  specs: Readonly<Record<string, MetricSpec>>,
): ReadonlyMap<string, readonly Start[]> {
  const found = new Map<string, Start[]>();
  for (const [metric, spec] of Object.entries(specs)) {
    for (const { series, ...start } of startsOf(metric, spec)) {
      found.set(series, [...(found.get(series) ?? []), { metric, ...start }]);
    }
  }
  return found;
}

/** The label sets of a counter that a label set of another series (or an agent, which has none) makes known. */
export function labelSets(
  spec: MetricSpec,
  { labels: given = {}, same = [] }: Omit<Start, 'metric'>,
  known: Readonly<Record<string, string>> = {},
): Record<string, string>[] {
  let sets: Record<string, string>[] = [{}];
  for (const [name, listed] of Object.entries(spec.labels)) {
    const values = valuesOf(given[name] ?? (listed === 'open' || same.includes(name) ? known[name] : listed));
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value })));
  }
  return sets;
}

const valuesOf = (values: string | readonly string[] | undefined): readonly string[] =>
  typeof values === 'string' ? [values] : (values ?? []);

/**
 * Since when a counter is exposed at 0: since its worker or its agent is known; since another series is; or, but for its first label set,
 * since that one is. Without creation times, `increase()` misses what is counted before the first scrape after it.
 */
export function zeroSince(
  metric: string,
  specs: Readonly<Record<string, MetricSpec>>,
): 'worker' | 'agent' | 'another series' | 'itself' {
  const spec = specs[metric];
  if (spec?.derived) return 'another series';
  const starts = spec ? startsOf(metric, spec) : [];
  if (starts.some(({ series }) => series === newWorker)) return 'worker';
  if (starts.some(({ series }) => series === newAgent)) return 'agent';
  return starts.some(({ series }) => series !== metric) ? 'another series' : 'itself';
}
