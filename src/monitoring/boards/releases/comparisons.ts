import { failedReasons } from '../../rules/slo.ts';
import type { BoardContext } from '../panels/board.ts';
import { timeseries } from '../panels/charts.ts';
import type { PanelBuilder } from '../panels/panel.ts';
import { noCalls, noTurns, perMinute } from '../panels/queries.ts';
import { palette } from '../panels/thresholds.ts';

const e2e = 'lk_agents_turn_e2e_latency_seconds';
const legend = '{{agent_name}} {{agent_version}}';
const version = { by: ['agent_name', 'agent_version'] } as const;
/** In five minutes a version ends a handful of sessions, and their share jumps. */
const halfHour = { ...version, window: '30m' } as const;

/** Which version callers meet, and how long they wait for it. */
export const latencyAndTraffic = ({ q, objectives: { turnLatency } }: BoardContext): PanelBuilder[] => [
  timeseries({
    title: 'p95 by version',
    description:
      'What callers wait for, by version. Lines of one agent that part are a release that matters. The dashed line is the objective; dashed marks in blue are deploys.',
    unit: 's',
    width: 12,
    height: 9,
    empty: noTurns,
    limit: turnLatency.seconds,
    legend: ['mean'],
    legendAt: 'right',
    next: 'latency',
    targets: [{ expr: q.quantile(0.95, e2e, version), legend }],
  }),
  timeseries({
    title: 'Share of the turns by version',
    description:
      'Which version serves how much, out of 100 %. Choose one agent above to see its rollout; one that does not move is stuck.',
    unit: 'short',
    width: 12,
    height: 9,
    empty: 'No turns in this time range',
    draw: 'shares',
    legendAt: 'right',
    targets: [{ expr: q.rate('lk_agents_turns_total', halfHour), legend }],
  }),
];

/** The same measures, version by version. */
export const comparison = ({ q, objectives }: BoardContext): PanelBuilder[] => [
  timeseries({
    title: 'p50 by version',
    description:
      'The middle turn by version. If it moves with the p95, everything became slower (a model, a region); if only the p95 moves, some turns did (a tool, a retry).',
    unit: 's',
    width: 12,
    empty: noTurns,
    legend: ['mean'],
    legendAt: 'right',
    next: 'latency',
    targets: [{ expr: q.quantile(0.5, e2e, version), legend }],
  }),
  timeseries({
    title: 'Failed sessions by version',
    description:
      'Share of the sessions of half an hour that ended with an error or a crashed job. The dashed line is what the objective allows.',
    unit: 'percentunit',
    width: 12,
    empty: noCalls,
    limit: Number((1 - objectives.sessionSuccess.ratio).toFixed(6)),
    legend: ['mean'],
    legendAt: 'right',
    next: 'sessions',
    targets: [
      {
        expr: q.share(
          ['lk_agents_sessions_total', { ...halfHour, where: { close_reason: { re: failedReasons } } }],
          ['lk_agents_sessions_total', halfHour],
        ),
        legend,
      },
    ],
  }),
  timeseries({
    title: 'Failed tool calls by version',
    description:
      'Share of the tool calls of half an hour that failed. A rise with a release is an argument or an address that changed. The dashed line is the objective.',
    unit: 'percentunit',
    width: 12,
    empty: 'No tool was called in this time range',
    limit: objectives.toolErrorRatio,
    legend: ['mean'],
    legendAt: 'right',
    next: 'tools',
    targets: [
      {
        expr: q.share(
          ['lk_agents_tool_calls_total', { ...halfHour, where: { outcome: 'error' } }],
          ['lk_agents_tool_calls_total', halfHour],
        ),
        legend,
      },
    ],
  }),
  timeseries({
    title: 'Interrupted turns by version',
    description:
      'Share of the turns of half an hour in which the caller cut the answer off. A rise with a release: answers became too long, or the agent talks over people.',
    unit: 'percentunit',
    width: 12,
    empty: 'No turns in this time range',
    legend: ['mean'],
    legendAt: 'right',
    next: 'turn-taking',
    targets: [
      {
        expr: q.share(
          ['lk_agents_turns_total', { ...halfHour, where: { outcome: 'interrupted' } }],
          ['lk_agents_turns_total', halfHour],
        ),
        legend,
      },
    ],
  }),
];

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
export const history = ({ q, objectives: { turnLatency } }: BoardContext): PanelBuilder[] => [
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
