import type { MetricName, metrics } from '../../catalogue/metrics.ts';
import type { commonLabels, LabelValues } from '../../catalogue/types.ts';

type Specs = typeof metrics;
type OfType<T extends string> = {
  [M in MetricName]: Specs[M]['type'] extends T ? M : never;
}[MetricName];

export type CounterName = OfType<'counter'>;
export type HistogramName = OfType<'histogram'>;
export type GaugeName = OfType<'gauge'>;

/** Labels that Prometheus adds to what it scrapes. */
export const targetLabels = ['job', 'instance'] as const;

/** Every label that a series of the catalogue has in Prometheus, but those of the user's own. */
export type LabelOf<M extends MetricName> =
  | (keyof Specs[M]['labels'] & string)
  | (typeof commonLabels)[number]
  | (typeof targetLabels)[number];

/** What a label must be; a text is what it must equal. */
export type Match<V extends string = string> = V | { re: string } | { not: V } | { notRe: string };

type ValueOf<M extends MetricName, L> = L extends keyof Specs[M]['labels']
  ? Specs[M]['labels'][L] extends infer V extends LabelValues
    ? V extends readonly (infer T extends string)[]
      ? T
      : string
    : string
  : string;

/** Matchers on a series; a label or a listed value that the catalogue lacks does not compile. */
export type Where<M extends MetricName> = { readonly [L in LabelOf<M>]?: Match<ValueOf<M, L>> };

/** Matchers on labels of any series, for code that goes over many of them. */
export type Matchers = Readonly<Record<string, Match>>;

/** Matchers as PromQL writes them, without the braces. */
export function matchers(where: Matchers): string[] {
  return Object.entries(where).map(([label, match]) => {
    if (typeof match === 'string') return `${label}="${match}"`;
    if ('re' in match) return `${label}=~"${match.re}"`;
    if ('not' in match) return `${label}!="${match.not}"`;
    return `${label}!~"${match.notRe}"`;
  });
}

/** A selector: the name of a series and what its labels must be. */
export const selector = (name: string, where: readonly string[]): string =>
  where.length === 0 ? name : `${name}{${where.join(', ')}}`;
