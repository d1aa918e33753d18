import { failedReasons } from '../../rules/slo.ts';
import type { BoardContext } from '../house/board.ts';
import { noTurns } from '../house/empty.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { table } from '../house/table.ts';

const e2e = 'lk_agents_turn_e2e_latency_seconds';

/** Of what went wrong with an agent in the time range, how much was of which version? */
export function blame({ q, objectives: { turnLatency } }: BoardContext): PanelBuilder {
  const version = { by: ['agent_name', 'agent_version'], window: '$__range' } as const;
  const failed = { ...version, where: { close_reason: { re: failedReasons } } } as const;
  const calls = { ...version, where: { outcome: 'error' } } as const;
  /** A version's share of all of its agent. */
  const share = (count: string) =>
    `(${count}) / on (agent_name) group_left () (sum by (agent_name) (${count}) > 0)`;
  const turns = share(q.count(e2e, version));
  const slow = share(`(${q.shareAbove(turnLatency.seconds, e2e, version)}) * (${q.count(e2e, version)})`);
  const column = { unit: 'percentunit', decimals: 0 } as const;
  return table({
    title: 'Share of the blame by version',
    description:
      'Of all turns, slow turns, failed sessions and failed tool calls of an agent in this time range, how many were of which version. Blame is the share of the slow turns over the share of the turns: at 1 a version is as slow as its agent, at 2 twice as often.',
    width: 24,
    height: 9,
    empty: noTurns,
    keys: [
      { label: 'agent_name', title: 'Agent', width: 160, link: { board: 'slo', variable: 'agent' } },
      {
        label: 'agent_version',
        title: 'Version',
        width: 160,
        link: { board: 'latency', variable: 'version' },
      },
    ],
    sortBy: 'Blame',
    columns: [
      { ...column, title: 'Of the turns', expr: turns },
      { ...column, title: `Of the turns above ${turnLatency.seconds} s`, expr: slow },
      {
        title: 'Blame',
        unit: 'suffix: ×',
        decimals: 2,
        limits: { warning: 1.2, bad: 1.5 },
        // A version of a few turns is slow or not by chance.
        expr: `(${slow}) / ((${turns}) > 0.01)`,
      },
      {
        ...column,
        title: 'Of the failed sessions',
        expr: share(q.increase('lk_agents_sessions_total', failed)),
      },
      {
        ...column,
        title: 'Of the failed tool calls',
        expr: share(q.increase('lk_agents_tool_calls_total', calls)),
      },
    ],
  });
}
