import { failedReasons } from '../../rules/slo.ts';
import type { BoardContext } from '../house/board.ts';
import { noCalls, noTurns } from '../house/empty.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { timeseries } from '../house/timeseries.ts';

/** What is laid over the present; the lines of the past are dashed. */
const overlays = [
  [undefined, ''],
  ['1d', ', a day ago'],
  ['7d', ', a week ago'],
] as const;

/** The same hours of yesterday and of last week, so that the daily rhythm is not taken for a regression. */
export const past = ({ q, objectives: { turnLatency } }: BoardContext): PanelBuilder[] => [
  timeseries({
    title: 'p95 against the past',
    description:
      'The p95 by agent, and (dashed) what it was at this time yesterday and a week ago. Above both: something changed, and it is not the hour.',
    unit: 's',
    width: 12,
    height: 10,
    empty: noTurns,
    limit: turnLatency.seconds,
    dashed: '/ ago$/',
    legend: ['mean'],
    legendAt: 'right',
    next: 'latency',
    targets: overlays.map(([offset, words]) => ({
      expr: q.quantile(0.95, 'lk_agents_turn_e2e_latency_seconds', { by: ['agent_name'], offset }),
      legend: `{{agent_name}}${words}`,
    })),
  }),
  timeseries({
    title: 'Failed sessions against the past',
    description:
      'Share of the sessions of half an hour that failed, by agent, and (dashed) at this time yesterday and a week ago.',
    unit: 'percentunit',
    width: 12,
    height: 10,
    empty: noCalls,
    dashed: '/ ago$/',
    legend: ['mean'],
    legendAt: 'right',
    next: 'slo',
    targets: overlays.map(([offset, words]) => {
      const about = { by: ['agent_name'], window: '30m', offset } as const;
      return {
        expr: q.share(
          ['lk_agents_sessions_total', { ...about, where: { close_reason: { re: failedReasons } } }],
          ['lk_agents_sessions_total', about],
        ),
        legend: `{{agent_name}}${words}`,
      };
    }),
  }),
];
