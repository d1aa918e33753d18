import type { Objective } from '../../../catalogue/objectives.ts';
import { percent } from '../../markdown.ts';
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
  /** Goes on over gaps of a few calls that happen to be good. */
  keepFiringFor?: string;
  severity: Severity;
  /** Asks that the limit be at least this share. */
  from?: number;
  /**
   * Half of the long window: there have to be events in the first half of it, too. Else the ratio of a day would be that of the two
   * hours since an agent was first started, or since the weekend.
   */
  half?: string;
}

/**
 * The ladder of Google's SRE Workbook, chapter 5 ("Alerting on SLOs"), table 5-8, with a slow step of one day. A promise of
 * 95 % is so lax that its first step takes 43 minutes of nothing but bad events; hence a quicker one for when most are bad.
 */
export const burnRateWindows: readonly Burn[] = [
  {
    long: '15m',
    short: '5m',
    factor: 14.4,
    for: '2m',
    keepFiringFor: '5m',
    severity: 'critical',
    from: 0.5,
  },
  { long: '1h', short: '5m', factor: 14.4, for: '2m', keepFiringFor: '5m', severity: 'critical' },
  { long: '6h', short: '30m', factor: 6, for: '15m', severity: 'critical' },
  { long: '1d', short: '2h', factor: 3, for: '1h', severity: 'warning', half: '12h' },
  { long: '3d', short: '6h', factor: 1, for: '3h', severity: 'warning', half: '36h' },
];

/** Turns or sessions in the long window below which its ratio says nothing. */
const enough = { turns: 30, sessions: 20 };
/** Bad ones in the long window that are no accident: one slow turn of 30 would break a promise of 99 %. */
const enoughBad = 5;

/** The share of bad events at which the budget burns so fast; no share is above 1. */
const limit = ({ ratio }: Objective, factor: number): number =>
  Number(Math.min(factor * (1 - ratio), 0.95).toFixed(4));

interface AlertedObjective {
  objective: Objective;
  ratio: (window: SloWindow) => string;
  samples: (window: SloWindow) => string;
  /** How many events there were in a window that ended a while ago. */
  earlier: (window: string, offset: string) => string;
  enough: number;
  alert: Pick<AlertRule, 'alert' | 'category' | 'labels' | 'objectives'>;
  /** What a bad event did: `of turns took longer than 1.5 s`. */
  bad: (window: SloWindow) => string;
  promised: string;
}

/** The error budgets of turn latency and of sessions are being spent too fast. */
export function budgetBurn({ q, objectives }: RuleContext): AlertRule[] {
  const turns = Object.entries(turnObjectives(objectives)).map(([name, objective]): AlertedObjective => {
    const { seconds, ratio } = objective;
    return {
      objective,
      ratio: (window) => `${turnLatencyErrors(window)}{objective="${name}"}`,
      samples: turnLatencySamples,
      earlier: (window, offset) =>
        q.count('lk_agents_turn_e2e_latency_seconds', { by: ['agent_name'], window, offset }),
      enough: enough.turns,
      alert: {
        alert: 'LiveKitAgentTurnLatencyBudgetBurn',
        category: 'latency',
        labels: { objective: name },
        objectives: [name === 'tail' ? 'turnLatencyTail' : 'turnLatency'],
      },
      bad: (window) => `of turns in ${window} took longer than ${seconds} s`,
      promised: `${percent(ratio)} of the turns must be answered within ${seconds} s, over 30 days.`,
    };
  });
  const sessions: AlertedObjective = {
    objective: objectives.sessionSuccess,
    ratio: sessionErrors,
    samples: sessionSamples,
    earlier: (window, offset) =>
      q.increase('lk_agents_sessions_total', { by: ['agent_name'], window, offset }),
    enough: enough.sessions,
    alert: {
      alert: 'LiveKitAgentSessionFailureBudgetBurn',
      category: 'failure',
      objectives: ['sessionSuccess'],
    },
    bad: (window) => `of sessions in ${window} failed or crashed`,
    promised: `${percent(objectives.sessionSuccess.ratio)} of the sessions must end without an error, over 30 days.`,
  };
  return [...turns, sessions].flatMap((promise) =>
    burnRateWindows
      .filter(({ factor, from = 0 }) => limit(promise.objective, factor) >= from)
      .map((burn) => rule(promise, burn)),
  );
}

function rule(promise: AlertedObjective, burn: Burn): AlertRule {
  const { objective, ratio, samples, earlier, enough, alert, bad, promised } = promise;
  const { long, short, factor, severity, keepFiringFor, half } = burn;
  const most = limit(objective, factor);
  return {
    ...alert,
    expr:
      `(${ratio(long)} > ${most} and ${ratio(short)} > ${most}) ` +
      `and on (agent_name) ${samples(long)} >= ${enough} ` +
      `and on (agent_name) ${ratio(long)} * on (agent_name) ${samples(long)} >= ${enoughBad}` +
      (half ? ` and on (agent_name) ${earlier(half, half)} > 0` : ''),
    for: burn.for,
    ...(keepFiringFor && { keepFiringFor }),
    severity,
    labels: { ...alert.labels, window: long },
    summary: `{{ $labels.agent_name }}: {{ $value | humanizePercentage }} ${bad(long)}`,
    description:
      `${promised} At more than ${percent(most)} the error budget is spent ${factor} times as fast as allowed; ` +
      `the last ${short} exceed the limit, too.`,
    board: { name: 'slo', variables: { agent: '{{ $labels.agent_name }}' } },
  };
}
