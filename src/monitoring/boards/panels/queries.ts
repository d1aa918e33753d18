import { segments } from '../../../catalogue/labels.ts';
import type { Queries } from '../../promql/queries.ts';
import { type HistogramName, type Matchers, matchers, selector } from '../../promql/series.ts';
import { baseline, measures } from '../../rules/baselines.ts';
import type { Target } from './panel.ts';
import { palette } from './thresholds.ts';

/** Why a panel may have nothing to show. */
export const noTurns = 'No measured turns in this time range';
export const noCalls = 'No session ended in this time range';
export const rulesRequired = 'Needs the recording rules, and an hour of calls';

/**
 * A series that a recording rule derives. The board's filters do not apply of themselves, because it may have lost
 * their labels; what it is narrowed by is said here.
 */
export const recordedSeries = (name: string, where: Matchers = {}): string => selector(name, matchers(where));

/** Events per minute: those of a call centre are too few for a rate per second to be read. */
export const perMinute = {
  unit: 'suffix:/min',
  /** @param expr a rate per second */
  of: (expr: string): string => `60 * ${expr}`,
} as const;

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

/** The parts of the mean turn over time, in seconds; they sum to it. Their colours are `segmentColours`. */
export const turnSegments = (q: Queries): Target[] =>
  segments.map((segment) => ({
    expr: `${q.rate('lk_agents_turn_segment_seconds_total', { where: { segment } })} / (${q.countRate('lk_agents_turn_e2e_latency_seconds')} > 0)`,
    legend: segment,
  }));

/** The components whose requests have an outcome; those of an STT have none. */
export const components = [
  { component: 'llm', requests: 'lk_agents_llm_requests_total' },
  { component: 'tts', requests: 'lk_agents_tts_requests_total' },
  { component: 'realtime', requests: 'lk_agents_realtime_requests_total' },
] as const;

type Component = (typeof components)[number];

interface About {
  by?: readonly ('model_provider' | 'model_name' | 'agent_name' | 'agent_version')[];
  window?: string;
}

/** The share of a component's requests that ended so. */
export const requestShare = (
  q: Queries,
  outcome: 'error' | 'cancelled' | 'empty',
  { requests }: Component,
  about: About = {},
): string => q.share([requests, { ...about, where: { outcome } }], [requests, about]);

/** Requests to realtime models. */
export const realtimeResponses = components[2];

/** The text on a board until a baseline exists. */
export const noBaseline = 'Needs the recording rules, six hours of past, and 20 requests in half an hour';

/** The p95 of the last half hour over its median of seven days; of models, and of agents for their STT. */
export function relativeToBaseline(q: Queries, component: 'llm' | 'tts' | 'realtime' | 'stt'): string {
  const { agent_name, model_provider, model_name } = q.scope.where;
  // The rules have aggregated over agents, except for STT, whose delay the SDK reports by agent and not by model.
  const where =
    component === 'stt'
      ? { component, ...(agent_name && { agent_name }) }
      : { component, ...(model_provider && { model_provider }), ...(model_name && { model_name }) };
  return `${recordedSeries(measures.component, where)} / (${recordedSeries(baseline('component'), where)} > 0)`;
}
