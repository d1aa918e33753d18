import { failedReasons } from '../../rules/slo.ts';
import type { BoardContext } from '../house/board.ts';
import { noCalls, noTurns } from '../house/empty.ts';
import { segmentColours } from '../house/palette.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { perMinute } from '../house/per-minute.ts';
import { exemplars, percentileColours, percentiles } from '../house/percentiles.ts';
import { timeseries } from '../house/timeseries.ts';
import { turnParts } from '../house/turn-parts.ts';

const e2e = 'lk_agents_turn_e2e_latency_seconds';

/** Since when is it so? */
export function course({ q, objectives: { turnLatency, sessionSuccess } }: BoardContext): PanelBuilder[] {
  const agent = { by: ['agent_name'] } as const;
  // In five minutes a small fleet ends a handful of sessions, and their share jumps.
  const sessions = { by: ['agent_name'], window: '30m' } as const;
  return [
    timeseries({
      title: 'Turn latency',
      description:
        'Percentiles over all agents. The dashed line is the objective of the p95. Dots are single turns; click one for its trace.',
      unit: 's',
      width: 8,
      empty: noTurns,
      limit: turnLatency.seconds,
      colours: percentileColours,
      next: 'latency',
      targets: [...percentiles(q, e2e), exemplars(q, e2e)],
    }),
    timeseries({
      title: 'p95 by agent',
      description:
        'Which agent is slow, and since when? The dashed line is the objective; dashed marks in blue are deploys.',
      unit: 's',
      width: 8,
      empty: noTurns,
      limit: turnLatency.seconds,
      next: 'latency',
      targets: [{ expr: q.quantile(0.95, e2e, agent), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Where the time goes',
      description:
        'Mean seconds per turn, by what they were spent on; the parts sum to the mean turn. The one that grows is where to look: transcription, llm and tts are providers, endpointing is turn-taking.',
      unit: 's',
      width: 8,
      empty: noTurns,
      draw: 'stack',
      colours: segmentColours,
      legend: ['mean'],
      legendAt: 'right',
      next: 'latency',
      targets: turnParts(q),
    }),
    timeseries({
      title: 'Sessions by agent',
      description: 'How many calls run, by agent. A cliff is an outage, or a deploy that drains workers.',
      unit: 'short',
      decimals: 0,
      width: 8,
      height: 7,
      empty: 'No agent reports: is Prometheus scraping the workers?',
      draw: 'stack',
      next: 'workers',
      targets: [{ expr: q.gauge('lk_agents_sessions_active', agent), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Calls and turns',
      description:
        'Calls that ended and turns, per minute. Turns that fall while calls go on are agents that do not answer.',
      unit: perMinute.unit,
      width: 8,
      height: 7,
      empty: noCalls,
      next: 'turn-taking',
      targets: [
        { expr: perMinute.of(q.rate('lk_agents_sessions_total')), legend: 'calls' },
        { expr: perMinute.of(q.rate('lk_agents_turns_total')), legend: 'turns' },
      ],
    }),
    timeseries({
      title: 'Failed sessions by agent',
      description:
        'Share of the sessions of half an hour that ended with an error or a crashed job. The dashed line is what the objective allows.',
      unit: 'percentunit',
      width: 8,
      height: 7,
      empty: noCalls,
      limit: Number((1 - sessionSuccess.ratio).toFixed(6)),
      next: 'sessions',
      targets: [
        {
          expr: q.share(
            ['lk_agents_sessions_total', { ...sessions, where: { close_reason: { re: failedReasons } } }],
            ['lk_agents_sessions_total', sessions],
          ),
          legend: '{{agent_name}}',
        },
      ],
    }),
  ];
}
