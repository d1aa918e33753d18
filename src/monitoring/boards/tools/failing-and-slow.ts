import type { BoardContext, Row } from '../house/board.ts';
import { percent } from '../house/percent.ts';
import { exemplars } from '../house/percentiles.ts';
import { timeseries } from '../house/timeseries.ts';
import { failed } from './shares.ts';

const duration = 'lk_agents_tool_duration_seconds';
const empty = 'No tool calls in this time range';

/** Each tool against its objectives. */
export const failingAndSlow = ({ q, objectives }: BoardContext): Row => ({
  panels: [
    timeseries({
      title: 'Failed calls by tool',
      description: `Share of a tool's calls that failed. The dashed line is the objective, ${percent(objectives.toolErrorRatio)}. From one moment on: what it calls is down, or a deploy broke it. Always: arguments that the LLM gets wrong.`,
      unit: 'percentunit',
      width: 12,
      height: 9,
      empty,
      limit: objectives.toolErrorRatio,
      next: 'sessions',
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [{ expr: failed(q, { by: ['tool'] }), legend: '{{tool}}' }],
    }),
    timeseries({
      title: 'Duration of calls, p95 by tool',
      description: `How long tools take; 95 % of a tool's calls were faster. The dashed line is the objective, ${objectives.toolDuration} s. Dots are single calls; click one for its trace.`,
      unit: 's',
      width: 12,
      height: 9,
      empty,
      limit: objectives.toolDuration,
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [
        { expr: q.quantile(0.95, duration, { by: ['tool'] }), legend: '{{tool}}' },
        exemplars(q, duration),
      ],
    }),
  ],
});
