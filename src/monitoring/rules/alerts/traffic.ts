import type { AlertRule, RuleContext, Severity } from '../rule.ts';

/**
 * Calls that ended in the same hour of the weeks before, below which none in half an hour is no accident: were they spread at
 * random, ten in half an hour would be none once in 20,000 times.
 */
const usual = 20;

/** Calls in the three hours before, from which on it is today that they have stopped, and no holiday. */
const today = 10;

/** An hour around the same half hour of earlier weeks. */
const weeksAgo = { one: '167h45m', two: '335h45m' } as const;

/** Calls that no longer reach an agent: whatever is wrong outside of it, none of its other figures changes. */
export function traffic({ q }: RuleContext): AlertRule[] {
  const ended = (window: string, offset?: string) =>
    q.increase('lk_agents_sessions_total', { by: ['agent_name'], window, ...(offset && { offset }) });
  const lastWeek = ended('1h', weeksAgo.one);
  const weekBefore = ended('1h', weeksAgo.two);
  const active = q.gauge('lk_agents_sessions_active', { by: ['agent_name'] });
  // Two weeks ago counts only where the agent was there: its first calls may be a week old.
  const stopped =
    `(${lastWeek} >= ${usual} unless on (agent_name) ${weekBefore} < ${usual}) ` +
    `unless on (agent_name) (${ended('30m')} > 0 or ${active} > 0)`;
  const rule = (severity: Severity, expr: string, held: string): AlertRule => ({
    alert: 'LiveKitAgentCallsStopped',
    expr,
    for: held,
    severity,
    category: 'traffic',
    summary:
      '{{ $labels.agent_name }}: no calls for 30m; there were {{ $value | printf "%.0f" }} in this hour a week ago',
    description:
      `No session ran or ended in the last 30 minutes, though in the same hour of the last two weeks at least ${usual} did. ` +
      'Either nobody calls, or calls do not reach the agent.',
    board: { name: 'fleet', variables: { agent: '{{ $labels.agent_name }}' } },
  });
  return [
    rule('critical', `${stopped} and on (agent_name) ${ended('3h', '30m')} >= ${today}`, '5m'),
    rule('warning', stopped, '15m'),
  ];
}
