import type { Queries } from '../../promql/queries.ts';
import type { HistogramName } from '../../promql/series.ts';
import { palette } from './palette.ts';
import type { Target } from './target.ts';

/** The lines p50, p95 and p99 of a histogram, in the colours of {@link percentileColours}. */
export const percentiles = <M extends HistogramName>(
  q: Queries,
  metric: M,
  about: Parameters<typeof q.quantile<M>>[2] = {},
): Target[] =>
  ([50, 95, 99] as const).map((percent) => ({
    expr: q.quantile(percent / 100, metric, about),
    legend: `p${percent}`,
  }));

export const percentileColours = { p50: palette.p50, p95: palette.p95, p99: palette.p99 };

/**
 * The exemplars of a histogram: single samples with their trace. Prometheus looks for them by the selectors of the
 * expression, whenever they were; its samples are asked for at a time at which there are none, so that it reads and draws nothing.
 */
export const exemplars = <M extends HistogramName>(q: Queries, metric: M): Target => ({
  expr: `sum(${q.series(metric).replace(metric, `${metric}_bucket`)} offset -10y)`,
  legend: 'traces',
  ref: 'Exemplars',
  exemplars: true,
});
