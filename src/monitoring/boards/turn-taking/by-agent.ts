import type { BoardContext, Row } from '../house/board.ts';
import { table } from '../house/table.ts';
import { agentTalks, falseInterruptions, silenceAfterUser, turnsThatWere } from './shares.ts';

/** Which agent it is. */
export function byAgent({ q, objectives }: BoardContext): Row {
  const about = { by: ['agent_name', 'agent_version'], window: '$__range' } as const;
  return {
    panels: [
      table({
        title: 'Turn-taking of each agent and version',
        description:
          'Which agent is it, and is it its version? The slowest to take its turn first; red is beyond the objective. Cut off: by the user. False interruptions are per turn. Click an agent to compare its versions.',
        width: 24,
        height: 9,
        empty: 'No turns in this time range',
        keys: [
          { label: 'agent_name', title: 'Agent', link: { board: 'releases', variable: 'agent' } },
          { label: 'agent_version', title: 'Version' },
        ],
        sortBy: 'Wait, p95',
        columns: [
          {
            title: 'Turns',
            unit: 'locale',
            decimals: 0,
            expr: `${q.increase('lk_agents_turns_total', about)} > 0`,
          },
          {
            title: 'Wait, p95',
            unit: 's',
            expr: q.quantile(0.95, 'lk_agents_eou_delay_seconds', about),
          },
          {
            title: 'Cut off',
            unit: 'percentunit',
            decimals: 1,
            expr: turnsThatWere(q, 'interrupted', about),
          },
          {
            title: 'False interruptions',
            unit: 'percentunit',
            decimals: 1,
            expr: falseInterruptions(q, about),
            limits: { bad: objectives.falseInterruptionRatio },
          },
          {
            title: `Silences over ${objectives.deadAir} s`,
            unit: 'percentunit',
            decimals: 1,
            expr: silenceAfterUser(q, objectives, about),
            limits: { bad: objectives.deadAirRatio },
          },
          {
            title: 'Unanswered',
            unit: 'percentunit',
            decimals: 1,
            expr: turnsThatWere(q, 'unanswered', about),
            limits: { bad: objectives.unansweredRatio },
          },
          { title: 'Agent talks', unit: 'percentunit', decimals: 0, expr: agentTalks(q, about) },
        ],
      }),
    ],
  };
}
