import type { AlertRule, RuleContext, Severity } from '../rule.ts';
import { percent } from './figures.ts';

/** Crashes in the window that are no accident. */
const enough = 5;

/**
 * Calls that ended because their process did. Jobs tell more: also of those that died before their session began. Sessions
 * know better whose they were, where a worker runs several agents.
 */
export function crashes({ q, objectives }: RuleContext): AlertRule[] {
  const steps: readonly { severity: Severity; window: string; ratio: number; for: string }[] = [
    { severity: 'critical', window: '5m', ratio: 0.3, for: '2m' },
    { severity: 'warning', window: '15m', ratio: objectives.crashRatio, for: '2m' },
  ];
  const above = (crashed: string, all: string, ratio: number): string =>
    `(${crashed} / (${all} > 0) > ${ratio} and ${crashed} >= ${enough})`;
  return steps.map(({ severity, window, ratio, ...step }): AlertRule => {
    const of = { by: ['agent_name'], window } as const;
    const jobs = above(
      q.increase('lk_agents_job_exits_total', { ...of, where: { outcome: { re: 'crashed|killed' } } }),
      q.increase('lk_agents_job_exits_total', of),
      ratio,
    );
    const sessions = above(
      q.increase('lk_agents_sessions_total', { ...of, where: { close_reason: 'crashed' } }),
      q.increase('lk_agents_sessions_total', of),
      ratio,
    );
    return {
      alert: 'LiveKitAgentJobsCrashing',
      expr: `${jobs} or ${sessions}`,
      for: step.for,
      severity,
      category: 'failure',
      objectives: ['crashRatio'],
      summary: `{{ $labels.agent_name }}: {{ $value | humanizePercentage }} of the calls that ended in ${window} ended by a crash`,
      description:
        `More than ${percent(ratio)} of the worker's jobs crashed or were killed, or of the agent's sessions were cut off by ` +
        'the death of their job.',
      board: { name: 'workers', variables: { agent: '{{ $labels.agent_name }}' } },
    };
  });
}
