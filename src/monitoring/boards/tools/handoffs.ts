import type { BoardContext, Row } from '../house/board.ts';
import { perMinute } from '../house/per-minute.ts';
import { timeseries } from '../house/timeseries.ts';

const handoffsOf = 'lk_agents_handoffs_total';
const agent = { by: ['agent_name'] } as const;
const empty = 'No sessions in this time range';

/** One agent of a session handing over to another. */
export const handoffs = ({ q }: BoardContext): Row => ({
  title: 'Handoffs',
  panels: [
    timeseries({
      title: 'Handoffs by agent',
      description:
        'Times that one agent of a session handed over to another. Agents that hand over to and fro show as a rise without more sessions. The filter of tools does not apply.',
      unit: perMinute.unit,
      width: 12,
      reach: 1,
      empty,
      legend: ['mean'],
      targets: [{ expr: perMinute.of(q.rate(handoffsOf, agent)), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Handoffs per session',
      description:
        'Handoffs over sessions that ended. Steady is good; more tells of callers who are sent around, fewer of a handoff that broke. The filter of tools does not apply.',
      unit: 'short',
      width: 12,
      decimals: 2,
      reach: 1,
      empty,
      legend: ['mean'],
      next: 'releases',
      targets: [
        {
          expr: q.share([handoffsOf, agent], ['lk_agents_sessions_total', agent]),
          legend: '{{agent_name}}',
        },
      ],
    }),
  ],
});
