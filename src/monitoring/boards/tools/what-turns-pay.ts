import type { Queries } from '../../promql/queries.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { palette } from '../house/palette.ts';
import { timeseries } from '../house/timeseries.ts';
import { shareOfLatency, turnsWithTools } from './shares.ts';

const agent = { by: ['agent_name'] } as const;
const unfiltered = 'The filter of tools does not apply.';

/** The share of turns that went wrong, of those with tools or those without. */
function wentWrong(q: Queries, tools: 'yes' | 'no'): string {
  const turns = 'lk_agents_turns_total';
  return q.share([turns, { where: { tools, outcome: { not: 'completed' } } }], [turns, { where: { tools } }]);
}

/** What turns have to bear for tools. */
export const whatTurnsPay = ({ q }: BoardContext): Row => ({
  title: 'What tools cost turns',
  panels: [
    timeseries({
      title: 'Tools in the mean turn',
      description: `Mean seconds of a turn in which tools ran before the agent spoke, by agent; turns without tools count as well. ${unfiltered}`,
      unit: 's',
      width: 6,
      empty: 'No measured turns in this time range',
      next: 'latency',
      targets: [
        {
          expr: `${q.rate('lk_agents_turn_segment_seconds_total', { ...agent, where: { segment: 'tools' } })} / (${q.countRate('lk_agents_turn_e2e_latency_seconds', agent)} > 0)`,
          legend: '{{agent_name}}',
        },
      ],
    }),
    timeseries({
      title: 'Share of tools in turn latency',
      description: `What part of what callers wait for is tools, by agent. If it is small, make something else faster. ${unfiltered}`,
      unit: 'percentunit',
      width: 6,
      empty: 'No measured turns in this time range',
      next: 'latency',
      targets: [{ expr: shareOfLatency(q, agent), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Turns in which tools ran',
      description: `Share of an agent's turns with at least one tool call. A change tells of other callers' wishes, or of a prompt or model that uses tools differently. ${unfiltered}`,
      unit: 'percentunit',
      width: 6,
      empty: 'No turns in this time range',
      next: 'releases',
      targets: [{ expr: turnsWithTools(q, agent), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Turns cut off or unanswered',
      description: `Share of turns that did not complete, with and without tools. Far more with tools: callers lose patience while they run, or their errors leave no answer. ${unfiltered}`,
      unit: 'percentunit',
      width: 6,
      empty: 'No turns in this time range',
      colours: { 'with tools': palette.warning, 'without tools': palette.neutral },
      next: 'turn-taking',
      targets: [
        { expr: wentWrong(q, 'yes'), legend: 'with tools' },
        { expr: wentWrong(q, 'no'), legend: 'without tools' },
      ],
    }),
  ],
});
