import type { AlertRule, RuleContext, RuleGroup } from '../rule.ts';
import { budgetBurn } from './budget-burn.ts';
import { crashes } from './crashes.ts';
import { providers } from './providers.ts';
import { regressions } from './regressions.ts';
import { releases } from './releases.ts';
import { tools } from './tools.ts';

/** All alerts, by what they are about. */
export const alertGroups = (context: RuleContext): RuleGroup<AlertRule>[] =>
  Object.entries({
    'budget-burn': budgetBurn,
    regressions,
    releases,
    providers,
    tools,
    crashes,
  }).map(([name, rules]) => ({ name: `earshot-${name}`, interval: '1m', rules: rules(context) }));
