import { ladder } from '../../rules/alerts/budget-burn.ts';
import { type SloWindow, sloWindows } from '../../rules/slo.ts';
import type { BoardContext } from '../house/board.ts';
import { attained, budgetLeft, burnRate } from '../house/budgets.ts';
import { withoutRules } from '../house/empty.ts';
import { palette } from '../house/palette.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { type Promised, promises } from '../house/promises.ts';
import { table } from '../house/table.ts';
import { timeseries } from '../house/timeseries.ts';

/** Burn rates at which an alert begins, as lines from the lowest to the highest. */
const lines = [...ladder]
  .sort((a, b) => a.factor - b.factor)
  .map(({ factor, severity }) => ({
    at: factor,
    colour: severity === 'critical' ? palette.bad : palette.warning,
  }));

/** The step of the ladder that a window decides: the steepest that reads it. */
const factorOf = (window: SloWindow): number | undefined =>
  ladder.find(({ long, short }) => long === window || short === window)?.factor;

/** Is it still burning? */
export function burn({ objectives }: BoardContext): PanelBuilder[] {
  const all = promises(objectives);
  /** One column over all promises, which the label `promise` tells apart. */
  const each = (expr: (promise: Promised) => string) =>
    all
      .map(
        (promise) =>
          `label_replace(sum by (agent_name) (${expr(promise)}), "promise", "${promise.name}", "", "")`,
      )
      .join(' or ');
  return [
    table({
      title: 'Burn rate now, by window',
      description:
        'How many times as fast as allowed each budget is being spent. Red is a window that has reached its step of the ladder: two red ones of a step are an alert. Red on the left only is over soon; red on the right only is over already.',
      width: 24,
      height: 12,
      empty: withoutRules,
      keys: [
        {
          label: 'agent_name',
          title: 'Agent',
          width: 160,
          link: { board: 'releases', variable: 'agent' },
        },
        { label: 'promise', title: 'Promise', width: 160 },
      ],
      sortBy: 'Budget left',
      ascending: true,
      columns: [
        { title: 'Kept', unit: 'percentunit', decimals: 2, expr: each(attained) },
        {
          title: 'Budget left',
          unit: 'percentunit',
          decimals: 0,
          limits: { warning: 0.25, bad: 0, falling: true },
          expr: each(budgetLeft),
        },
        ...sloWindows
          .filter((window) => window !== '30d')
          .map((window) => ({
            title: window,
            unit: 'suffix: ×',
            decimals: 1,
            limits: { warning: 1, bad: factorOf(window) ?? 1 },
            expr: each((promise) => burnRate(promise, window)),
          })),
      ],
    }),
    ...all.map((promise) =>
      timeseries({
        title: `Burn rate: ${promise.name}`,
        description:
          'How many times as fast as allowed the budget is spent, over an hour, by agent. The lines are the steps of the ladder: above orange it is a ticket, above red it wakes somebody.',
        unit: 'suffix: ×',
        width: 8,
        height: 9,
        empty: withoutRules,
        limit: lines,
        reach: 16,
        next: 'latency',
        targets: [{ expr: burnRate(promise, '1h'), legend: '{{agent_name}}' }],
      }),
    ),
  ];
}
