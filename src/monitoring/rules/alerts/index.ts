import type { AlertRule, RuleContext, RuleGroup } from '../rule.ts';
import { budgetBurn } from './budget-burn.ts';
import { conversation } from './conversation.ts';
import { cost } from './cost.ts';
import { crashes } from './crashes.ts';
import { gateway } from './gateway.ts';
import { network } from './network.ts';
import { providers } from './providers.ts';
import { recordings } from './recordings.ts';
import { regressions } from './regressions.ts';
import { releases } from './releases.ts';
import { saturation } from './saturation.ts';
import { stuck } from './stuck.ts';
import { telemetry } from './telemetry.ts';
import { tools } from './tools.ts';
import { traffic } from './traffic.ts';

/** All alerts, by what they are about. */
export const alertGroups = (context: RuleContext): RuleGroup<AlertRule>[] =>
  Object.entries({
    'budget-burn': budgetBurn,
    regressions,
    conversation,
    stuck,
    traffic,
    cost,
    saturation,
    network,
    telemetry,
    releases,
    providers,
    tools,
    crashes,
    recordings,
    gateway,
  }).map(([name, rules]) => ({ name: `talkgauge-${name}`, interval: '1m', rules: rules(context) }));
