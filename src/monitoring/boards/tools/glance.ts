import type { BoardContext, Row } from '../house/board.ts';
import { percent } from '../house/percent.ts';
import { stat } from '../house/stat.ts';
import { failed, shareOfLatency, turnsWithTools } from './shares.ts';

const noCalls = 'No tool calls';

/** Whether tools hold, all in all. */
export function glance({ q, objectives }: BoardContext): Row {
  const about = { window: '$__range' } as const;
  return {
    panels: [
      stat({
        title: 'Failed calls',
        description: `Share of the tool calls that failed; red from ${percent(objectives.toolErrorRatio)} on. The table below says which tool it is.`,
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: noCalls,
        limits: { bad: objectives.toolErrorRatio },
        targets: [{ expr: failed(q, about), as: 'instant' }],
      }),
      stat({
        title: 'Worst tools',
        description: `The two tools of which the greatest share of calls failed; red from ${percent(objectives.toolErrorRatio)} on. Their own logs say why.`,
        unit: 'percentunit',
        width: 5,
        decimals: 1,
        empty: noCalls,
        limits: { bad: objectives.toolErrorRatio },
        text: 'value_and_name',
        targets: [
          { expr: `topk(2, ${failed(q, { ...about, by: ['tool'] })})`, legend: '{{tool}}', as: 'instant' },
        ],
      }),
      stat({
        title: 'Slowest tools, p95',
        description: `The two tools that take longest, by their p95; red from ${objectives.toolDuration} s on. Let the agent say something before a slow one.`,
        unit: 's',
        width: 5,
        empty: noCalls,
        limits: { bad: objectives.toolDuration },
        text: 'value_and_name',
        targets: [
          {
            expr: `topk(2, ${q.quantile(0.95, 'lk_agents_tool_duration_seconds', { ...about, by: ['tool'] })})`,
            legend: '{{tool}}',
            as: 'instant',
          },
        ],
      }),
      stat({
        title: 'Calls',
        description: 'Tool calls in the time range, whatever became of them.',
        unit: 'locale',
        width: 3,
        decimals: 0,
        empty: noCalls,
        targets: [{ expr: `${q.increase('lk_agents_tool_calls_total', about)} > 0`, as: 'instant' }],
      }),
      stat({
        title: 'Turns with tools',
        description: 'Share of the turns in which at least one tool ran. The filter of tools does not apply.',
        unit: 'percentunit',
        width: 3,
        decimals: 0,
        empty: 'No turns',
        targets: [{ expr: turnsWithTools(q, about), as: 'instant' }],
      }),
      stat({
        title: 'Share of latency',
        description:
          "Share of all turns' latency in which tools ran before the agent spoke. If it is small, faster tools help nobody. The filter of tools does not apply.",
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: 'No measured turns',
        next: 'latency',
        targets: [{ expr: shareOfLatency(q, about), as: 'instant' }],
      }),
    ],
  };
}
