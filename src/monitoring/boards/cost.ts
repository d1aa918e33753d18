import { nothingSpent, spendRows, spent, unpriced } from './cost/spend.ts';
import { usageRows } from './cost/usage.ts';
import type { BoardContext, BoardSpec, Row } from './house/board.ts';
import { table } from './house/table.ts';

/** What models cost. */
export const cost: BoardSpec = {
  name: 'cost',
  description: 'What do calls cost, what do we pay for, and is it more than usual?',
  filters: ['provider', 'model'],
  from: 'now-7d',
  rows: (context) => [...spendRows(context), ...priceRows(context), ...usageRows(context)],
};

/** Whose calls are dear, which models, and what has no price. */
function priceRows({ q }: BoardContext): Row[] {
  const version = { by: ['agent_name', 'agent_version'], window: '$__range' } as const;
  const model = { by: ['component', 'model_provider', 'model_name'], window: '$__range' } as const;
  const all = q.increase(spent, { window: '$__range' });
  const minutes = `(${q.increase('lk_agents_agent_state_seconds_total', version)} / 60)`;
  const money = (title: string, expr: string) => ({ title, unit: 'currencyUSD', expr, width: 108 });
  return [
    {
      panels: [
        table({
          title: 'Agents and versions',
          description:
            'What the calls of each version cost in this time range, the greatest spend first. Compare versions by the cost of a turn or of a minute of a session. Click an agent to see its releases.',
          width: 12,
          empty: nothingSpent,
          keys: [
            { label: 'agent_name', title: 'Agent', link: { board: 'releases', variable: 'agent' } },
            { label: 'agent_version', title: 'Version', width: 115 },
          ],
          columns: [
            money('Spent', q.increase(spent, version)),
            money(
              'Per session',
              `${q.increase(spent, version)} / (${q.increase('lk_agents_sessions_total', version)} > 0)`,
            ),
            money(
              'Per turn',
              `${q.increase(spent, version)} / (${q.increase('lk_agents_turns_total', version)} > 0)`,
            ),
            money('Per minute', `${q.increase(spent, version)} / (${minutes} > 0)`),
          ],
        }),
        table({
          title: 'Models by spend',
          description:
            'What each model cost in this time range, and its share of all. Click a model to see how fast it is, and how often it fails.',
          width: 12,
          empty: nothingSpent,
          keys: [
            { label: 'component', title: 'Component', width: 110 },
            { label: 'model_provider', title: 'Provider' },
            { label: 'model_name', title: 'Model', link: { board: 'models', variable: 'model' } },
          ],
          columns: [
            money('Spent', q.increase(spent, model)),
            {
              title: 'Share',
              width: 80,
              unit: 'percentunit',
              decimals: 0,
              expr: `${q.increase(spent, model)} / on () group_left () (${all} > 0)`,
            },
          ],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Usage without a price',
          description:
            'Usage of this time range that is in no figure above, because no price is known for its model. Add a line to the price file: `talkgauge prices PROVIDER/MODEL` says what was looked for.',
          width: 24,
          height: 6,
          empty: 'No usage without a price was counted in this time range',
          keys: [
            { label: 'component', title: 'Component', width: 140 },
            { label: 'model_provider', title: 'Provider' },
            { label: 'model_name', title: 'Model' },
            { label: 'unit', title: 'Billed in' },
          ],
          columns: [
            {
              title: 'Usage',
              unit: 'short',
              limits: { bad: 0 },
              expr: `${q.increase(unpriced, { by: ['component', 'model_provider', 'model_name', 'unit'], window: '$__range' })} > 0`,
            },
          ],
        }),
      ],
    },
  ];
}
