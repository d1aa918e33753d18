import type { Objectives } from '../../catalogue/objectives.ts';
import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';

/** The windows of burn-rate alerts, and the 30 days of the budget. */
export const sloWindows = ['5m', '15m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'] as const;
export type SloWindow = (typeof sloWindows)[number];

/** Windows from which on a ratio moves slowly enough to be evaluated less often. */
const daily: readonly SloWindow[] = ['1d', '3d', '30d'];

/** Sessions that count against the objective. */
export const failedReasons = 'error|crashed';

/** The share of bad events by agent: what is left of the objective's promise. */
export const turnLatencyErrors = (window: SloWindow) => `agent:lk_agents_turn_latency_errors:ratio_${window}`;
export const sessionErrors = (window: SloWindow) => `agent:lk_agents_session_errors:ratio_${window}`;
/** How many events the ratio is made of. */
export const turnLatencySamples = (window: SloWindow) =>
  `agent:lk_agents_turn_latency_samples:count_${window}`;
export const sessionSamples = (window: SloWindow) => `agent:lk_agents_sessions_ended:count_${window}`;

/** The two promises on turn latency, by the label `objective`. */
export const turnObjectives = ({ turnLatency, turnLatencyTail }: Objectives) => ({
  target: turnLatency,
  tail: turnLatencyTail,
});

/** Error ratios over the windows that the burn-rate alerts compare, for the error budget of 30 days. */
export function slo({ q, objectives }: RuleContext): RuleGroup<RecordingRule>[] {
  const of = (window: SloWindow): RecordingRule[] => [
    ...Object.entries(turnObjectives(objectives)).map(([objective, { seconds }]) => ({
      record: turnLatencyErrors(window),
      expr: q.shareAbove(seconds, 'lk_agents_turn_e2e_latency_seconds', { by: ['agent_name'], window }),
      labels: { objective },
    })),
    {
      record: turnLatencySamples(window),
      expr: q.count('lk_agents_turn_e2e_latency_seconds', { by: ['agent_name'], window }),
    },
    {
      record: sessionErrors(window),
      expr: q.share(
        [
          'lk_agents_sessions_total',
          { by: ['agent_name'], where: { close_reason: { re: failedReasons } }, window },
        ],
        ['lk_agents_sessions_total', { by: ['agent_name'], window }],
      ),
    },
    {
      record: sessionSamples(window),
      expr: q.increase('lk_agents_sessions_total', { by: ['agent_name'], window }),
    },
  ];
  return [
    {
      name: 'talkgauge-slo',
      interval: '1m',
      rules: sloWindows.filter((window) => !daily.includes(window)).flatMap(of),
    },
    // Prometheus looks back five minutes for a sample: an evaluation may be late or missing without an alert starting anew.
    { name: 'talkgauge-slo-days', interval: '2m', rules: daily.flatMap(of) },
  ];
}
