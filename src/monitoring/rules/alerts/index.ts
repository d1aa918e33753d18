import type { AlertRule, RuleContext, RuleGroup } from '../rule.ts';
import { budgetBurn } from './budget-burn.ts';
import { conversation } from './conversation.ts';
import { cost } from './cost.ts';
import { network } from './network.ts';
import { regressions } from './regressions.ts';
import { saturation } from './saturation.ts';
import { stuck } from './stuck.ts';
import { telemetry } from './telemetry.ts';

/** All alerts, by what they are about. */
export const alertGroups = (context: RuleContext): RuleGroup<AlertRule>[] =>
  Object.entries({
    'budget-burn': budgetBurn,
    regressions,
    conversation,
    stuck,
    cost,
    saturation,
    network,
    telemetry,
  }).map(([name, rules]) => ({ name: `earshot-${name}`, interval: '1m', rules: rules(context) }));
