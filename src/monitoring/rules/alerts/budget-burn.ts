import type { Objective } from '../../../catalogue/objectives.ts';
import type { AlertRule, RuleContext, Severity } from '../rule.ts';
import {
  type SloWindow,
  sessionErrors,
  sessionSamples,
  turnLatencyErrors,
  turnLatencySamples,
  turnObjectives,
} from '../slo.ts';

interface Burn {
  long: SloWindow;
  short: SloWindow;
  /** How many times faster than allowed the budget is spent; 14.4 for an hour is 2 % of 30 days. */
  factor: number;
  for: string;
  severity: Severity;
}

/** The ladder of Google's SRE Workbook, chapter 5 ("Alerting on SLOs"), table 5-8, with a slow step of one day. */
export const ladder: readonly Burn[] = [
  { long: '1h', short: '5m', factor: 14.4, for: '2m', severity: 'critical' },
  { long: '6h', short: '30m', factor: 6, for: '15m', severity: 'critical' },
  { long: '1d', short: '2h', factor: 3, for: '1h', severity: 'warning' },
  { long: '3d', short: '6h', factor: 1, for: '3h', severity: 'warning' },
];

/** Turns or sessions in the long window below which its ratio says nothing; a fifth of them may be bad by chance. */
const enough = { turns: 30, sessions: 20 };

/** The share of bad events at which the budget burns so fast; no share is above 1. */
const limit = ({ ratio }: Objective, factor: number): number =>
  Number(Math.min(factor * (1 - ratio), 0.95).toFixed(4));

/** The error budgets of turn latency and of sessions are being spent too fast. */
export function budgetBurn({ objectives }: RuleContext): AlertRule[] {
  const turns = Object.entries(turnObjectives(objectives)).flatMap(([objective, promise]) =>
    ladder.map(({ long, short, factor, severity, ...burn }): AlertRule => {
      const most = limit(promise, factor);
      const above = (window: SloWindow) => `${turnLatencyErrors(window)}{objective="${objective}"} > ${most}`;
      return {
        alert: 'LiveKitAgentTurnLatencyBudgetBurn',
        expr: `(${above(long)} and ${above(short)}) and on (agent_name) ${turnLatencySamples(long)} >= ${enough.turns}`,
        for: burn.for,
        severity,
        category: 'latency',
        labels: { objective, window: long },
        summary: `{{ $labels.agent_name }}: {{ $value | humanizePercentage }} of turns in ${long} took longer than ${promise.seconds} s`,
        description:
          `${percent(promise.ratio)} of the turns are to be answered within ${promise.seconds} s, over 30 days. At this pace ` +
          `the budget is spent ${factor} times as fast as that allows; the last ${short} were no better.`,
        board: { name: 'slo', variables: { agent: '{{ $labels.agent_name }}' } },
      };
    }),
  );
  const sessions = ladder.map(({ long, short, factor, severity, ...burn }): AlertRule => {
    const most = limit(objectives.sessionSuccess, factor);
    const above = (window: SloWindow) => `${sessionErrors(window)} > ${most}`;
    return {
      alert: 'LiveKitAgentSessionFailureBudgetBurn',
      expr: `(${above(long)} and ${above(short)}) and on (agent_name) ${sessionSamples(long)} >= ${enough.sessions}`,
      for: burn.for,
      severity,
      category: 'failure',
      labels: { window: long },
      summary: `{{ $labels.agent_name }}: {{ $value | humanizePercentage }} of sessions in ${long} failed or crashed`,
      description:
        `${percent(objectives.sessionSuccess.ratio)} of the sessions are to end without an error, over 30 days. At this pace ` +
        `the budget is spent ${factor} times as fast as that allows; the last ${short} were no better.`,
      board: { name: 'slo', variables: { agent: '{{ $labels.agent_name }}' } },
    };
  });
  return [...turns, ...sessions];
}

const percent = (ratio: number): string => `${Number((100 * ratio).toFixed(2))} %`;
