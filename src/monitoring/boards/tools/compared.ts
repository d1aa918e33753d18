import type { BoardContext, Row } from '../house/board.ts';
import { table } from '../house/table.ts';
import { failed } from './shares.ts';

const duration = 'lk_agents_tool_duration_seconds';

/** Each tool of each agent. */
export function compared({ q, objectives }: BoardContext): Row {
  const about = { by: ['tool', 'agent_name'], window: '$__range' } as const;
  return {
    panels: [
      table({
        title: 'Tools, most failing first',
        description:
          'Which tool fails or is slow, and in which agent? Red is beyond the objective. Sort by another column for the slowest or the busiest. Time: of all its calls. Click a tool to see it alone, an agent to compare its versions.',
        width: 24,
        height: 10,
        empty: 'No tool calls in this time range',
        keys: [
          { label: 'tool', title: 'Tool', link: { board: 'tools', variable: 'tool' } },
          { label: 'agent_name', title: 'Agent', link: { board: 'releases', variable: 'agent' } },
        ],
        sortBy: 'Failed',
        columns: [
          {
            title: 'Failed',
            unit: 'percentunit',
            decimals: 1,
            expr: failed(q, about),
            limits: { bad: objectives.toolErrorRatio },
          },
          {
            title: 'Calls',
            unit: 'locale',
            decimals: 0,
            expr: `${q.increase('lk_agents_tool_calls_total', about)} > 0`,
          },
          { title: 'p50', unit: 's', expr: q.quantile(0.5, duration, about) },
          {
            title: 'p95',
            unit: 's',
            expr: q.quantile(0.95, duration, about),
            limits: { bad: objectives.toolDuration },
          },
          {
            title: `Over ${objectives.toolDuration} s`,
            unit: 'percentunit',
            decimals: 1,
            expr: q.shareAbove(objectives.toolDuration, duration, about),
          },
          { title: 'Time', unit: 's', expr: q.total(duration, about) },
        ],
      }),
    ],
  };
}
