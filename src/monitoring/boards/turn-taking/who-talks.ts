import { agentStates } from '../../../catalogue/labels.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { timeseries } from '../house/timeseries.ts';
import { agentTalks } from './shares.ts';

const states = 'lk_agents_agent_state_seconds_total';
const userStates = 'lk_agents_user_state_seconds_total';
const empty = 'No sessions in this time range';

/** How the time of calls is spent. */
export const whoTalks = ({ q }: BoardContext): Row => ({
  title: 'Who talks',
  panels: [
    timeseries({
      title: 'Talking done by the agent, by agent',
      description:
        "The agent's share of the time in which either side spoke. A drift upwards: its answers grow, or users have given up.",
      unit: 'percentunit',
      width: 8,
      max: 1,
      empty: 'Nobody spoke in this time range',
      targets: [{ expr: agentTalks(q, { by: ['agent_name'] }), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'What agents do',
      description:
        'How agents spend the time of a session. Thinking is what callers wait for; an agent that goes on listening for long was not heard, or has nothing to say.',
      unit: 'percentunit',
      width: 8,
      max: 1,
      empty,
      draw: 'stack',
      colours: {
        speaking: 'blue',
        thinking: 'orange',
        listening: 'green',
        idle: 'text',
        initializing: 'purple',
      },
      targets: agentStates.map((state) => ({
        expr: q.share([states, { where: { state } }], [states]),
        legend: state,
      })),
    }),
    timeseries({
      title: 'Users that are away',
      description:
        "Share of the sessions' time in which the user has been silent for so long that the SDK takes them to be away. Sessions that stay open for nobody cost money: end them.",
      unit: 'percentunit',
      width: 8,
      empty,
      next: 'cost',
      targets: [
        {
          expr: q.share(
            [userStates, { by: ['agent_name'], where: { state: 'away' } }],
            [userStates, { by: ['agent_name'] }],
          ),
          legend: '{{agent_name}}',
        },
      ],
    }),
  ],
});
