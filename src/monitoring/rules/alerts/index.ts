import type { AlertRule, RuleContext, RuleGroup } from '../rule.ts';
import { budgetBurn } from './budget-burn.ts';
import { regressions } from './regressions.ts';

/** All alerts, by what they are about. */
export const alertGroups = (context: RuleContext): RuleGroup<AlertRule>[] =>
  Object.entries({
    'budget-burn': budgetBurn,
    regressions,
  }).map(([name, rules]) => ({ name: `earshot-${name}`, interval: '1m', rules: rules(context) }));
