import type { BoardContext, Row } from '../house/board.ts';
import { palette } from '../house/palette.ts';
import { perMinute } from '../house/per-minute.ts';
import { percentileColours, percentiles } from '../house/percentiles.ts';
import { timeseries } from '../house/timeseries.ts';

const empty = 'No tool calls in this time range';

/** How much tools are used. */
export const use = ({ q }: BoardContext): Row => ({
  title: 'Calls',
  panels: [
    timeseries({
      title: 'Calls by tool',
      description:
        'Which tools are called, and how often? One that vanishes after a deploy was lost; one that soars may be called in a loop.',
      unit: perMinute.unit,
      width: 12,
      empty,
      draw: 'stack',
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [
        { expr: perMinute.of(q.rate('lk_agents_tool_calls_total', { by: ['tool'] })), legend: '{{tool}}' },
      ],
    }),
    timeseries({
      title: 'Calls by outcome',
      description:
        'How calls of the chosen tools ended. An error goes back to the LLM, which tries again or makes something up.',
      unit: perMinute.unit,
      width: 6,
      empty,
      draw: 'stack',
      colours: { ok: palette.good, error: palette.bad },
      targets: (['ok', 'error'] as const).map((outcome) => ({
        expr: perMinute.of(q.rate('lk_agents_tool_calls_total', { where: { outcome } })),
        legend: outcome,
      })),
    }),
    timeseries({
      title: 'Duration of calls',
      description:
        'Percentiles over all calls of the chosen tools. Choose one tool above to see whether all of its calls are slow, or a few.',
      unit: 's',
      width: 6,
      empty,
      colours: percentileColours,
      targets: percentiles(q, 'lk_agents_tool_duration_seconds'),
    }),
  ],
});
