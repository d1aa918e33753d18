import { failedReasons } from '../../rules/slo.ts';
import type { BoardContext } from '../house/board.ts';
import { noCalls, noTurns } from '../house/empty.ts';
import { palette } from '../house/palette.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { perMinute } from '../house/per-minute.ts';
import { timeseries } from '../house/timeseries.ts';

/** What is laid over the present. */
const overlays = [
  { offset: undefined, legend: 'now' },
  { offset: '1d', legend: 'a day ago' },
  { offset: '7d', legend: 'a week ago' },
] as const;

const line = {
  width: 8,
  height: 9,
  colours: { now: palette.p95, 'a day ago': palette.neutral, 'a week ago': palette.quiet },
  dashed: '/ ago$/',
  legend: ['mean'],
} as const;

/** The same hours of yesterday and of last week, so that the daily rhythm is not taken for a regression. */
export const past = ({ q, objectives: { turnLatency } }: BoardContext): PanelBuilder[] => [
  timeseries({
    ...line,
    title: 'p95 against the past',
    description:
      'The p95 over half an hour, and (dashed) what it was at this time yesterday and a week ago. Above both: something changed, and it is not the hour. Choose an agent above to see its own.',
    unit: 's',
    empty: noTurns,
    limit: turnLatency.seconds,
    next: 'latency',
    targets: overlays.map(({ offset, legend }) => ({
      expr: q.quantile(0.95, 'lk_agents_turn_e2e_latency_seconds', { window: '30m', offset }),
      legend,
    })),
  }),
  timeseries({
    ...line,
    title: 'Failed sessions against the past',
    description:
      'Share of the sessions of half an hour that failed, and (dashed) at this time yesterday and a week ago.',
    unit: 'percentunit',
    empty: noCalls,
    next: 'slo',
    targets: overlays.map(({ offset, legend }) => {
      const about = { window: '30m', offset } as const;
      return {
        expr: q.share(
          ['lk_agents_sessions_total', { ...about, where: { close_reason: { re: failedReasons } } }],
          ['lk_agents_sessions_total', about],
        ),
        legend,
      };
    }),
  }),
  timeseries({
    ...line,
    title: 'Turns against the past',
    description:
      'Turns per minute, and (dashed) at this time yesterday and a week ago: whether the load explains what has changed beside.',
    unit: perMinute.unit,
    empty: 'No turns in this time range',
    next: 'workers',
    targets: overlays.map(({ offset, legend }) => ({
      expr: perMinute.of(q.rate('lk_agents_turns_total', { window: '30m', offset })),
      legend,
    })),
  }),
];
