import { ladder } from '../../rules/alerts/budget-burn.ts';
import type { BoardContext } from '../house/board.ts';
import { allowed, attainedByAll, budgetLeft } from '../house/budgets.ts';
import { withoutRules } from '../house/empty.ts';
import { palette } from '../house/palette.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { percent } from '../house/percent.ts';
import { type Promised, promises } from '../house/promises.ts';
import { stat } from '../house/stat.ts';
import { text } from '../house/text.ts';
import { timeseries } from '../house/timeseries.ts';

/** For a title. */
const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** For each promise: is it kept, and what may still go wrong? */
export const kept = ({ objectives }: BoardContext): PanelBuilder[] =>
  promises(objectives).flatMap((promise) => [
    stat({
      title: `${capital(promise.name)}: kept`,
      description: `Share of good ones in the last 30 days, over all agents, whatever the time range; ${percent(promise.objective.ratio)} are promised.`,
      unit: 'percentunit',
      width: 4,
      decimals: 2,
      empty: withoutRules,
      limits: { bad: promise.objective.ratio, falling: true },
      targets: [{ expr: attainedByAll(promise), as: 'instant' }],
    }),
    stat({
      title: `${capital(promise.name)}: budget`,
      description: `What is left of the ${percent(allowed(promise.objective))} that may go wrong in 30 days, of the agent that has least. Below 0 the promise is broken: fix before you release.`,
      unit: 'percentunit',
      width: 4,
      decimals: 0,
      empty: withoutRules,
      text: 'value_and_name',
      limits: { warning: 0.25, bad: 0, falling: true },
      targets: [
        { expr: `bottomk(1, ${budgetLeft(promise)})`, legend: 'left of {{agent_name}}', as: 'instant' },
      ],
    }),
  ]);

/** How the budgets came to be where they are. */
export const budget = ({ objectives }: BoardContext): PanelBuilder[] =>
  promises(objectives).map((promise: Promised) =>
    timeseries({
      title: `Budget left: ${promise.name}`,
      description:
        'What is left of the budget of the 30 days before, by agent. A cliff was an incident, a slope is a habit; it rises as bad days fall out of the 30. Not drawn below -100 %.',
      unit: 'percentunit',
      width: 8,
      height: 9,
      min: -1,
      max: 1,
      empty: withoutRules,
      limit: [{ at: 0, colour: palette.bad }],
      next: 'releases',
      targets: [{ expr: `clamp_min(${budgetLeft(promise)}, -1)`, legend: '{{agent_name}}' }],
    }),
  );

/** What a budget is. */
export function words({ objectives }: BoardContext): PanelBuilder {
  const { ratio, seconds } = objectives.turnLatency;
  const [fast] = ladder as readonly [(typeof ladder)[number]];
  return text({
    title: 'What an error budget is',
    description: 'How to read this board: what a budget, a burn rate and a window are.',
    width: 24,
    height: 4,
    content:
      `**An error budget is how much may go wrong in 30 days without breaking a promise**: ${percent(ratio)} of the turns are to be answered ` +
      `within ${seconds} s, so ${percent(1 - ratio)} of them may take longer. **A burn rate is how many times as fast as allowed it is being spent**: ` +
      `at 1 it lasts exactly 30 days; at ${fast.factor} an hour spends 2 % of it. ` +
      'An alert fires when a long window shows that it matters and a short one that it still goes on: ' +
      `${ladder.map(({ factor, long, short, severity }) => `${factor} × over ${long} and ${short} (${severity})`).join(', ')}.`,
  });
}
