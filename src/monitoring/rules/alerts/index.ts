import type { AlertRule, RuleContext, RuleGroup } from '../rule.ts';
import { budgetBurn } from './budget-burn.ts';
import { conversation } from './conversation.ts';
import { cost } from './cost.ts';
import { providers, tools } from './dependencies.ts';
import { crashes, recordingFailures, stuck, traffic } from './failures.ts';
import { network, saturation } from './infrastructure.ts';
import { regressions, releases } from './regressions.ts';
import { gateway, telemetry } from './telemetry.ts';

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
    recordings: recordingFailures,
    gateway,
  }).map(([name, rules]) => ({ name: `talkgauge-${name}`, interval: '1m', rules: rules(context) }));
