import { segments } from '../../../catalogue/labels.ts';
import type { Queries } from '../../promql/queries.ts';
import type { Target } from './target.ts';

/** The parts of the mean turn over time, in seconds; they sum to it. Their colours are `segmentColours`. */
export const turnParts = (q: Queries): Target[] =>
  segments.map((segment) => ({
    expr: `${q.rate('lk_agents_turn_segment_seconds_total', { where: { segment } })} / (${q.countRate('lk_agents_turn_e2e_latency_seconds')} > 0)`,
    legend: segment,
  }));
