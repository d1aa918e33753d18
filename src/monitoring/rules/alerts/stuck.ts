import type { AlertRule, RuleContext, Severity } from '../rule.ts';

/** Over what states are looked at: no answer takes so long. */
const window = '10m';

/** Share of the sessions' time in one state that no conversation reaches. */
const most = 0.8;

/** Mean number of running sessions below which there is nothing to judge: six minutes of one in the window. */
const running = 0.6;

/** Sessions in the window that make it certain, and worth waking somebody; a growth is not always a whole number. */
const several = 2.5;

/** Seconds that callers have to have spoken in the window for a silent agent to be deaf. */
const spoken = 60;

/**
 * Sessions run, and nothing happens in them. Time in a state grows as long as it lasts, so a session that hangs shows as time in
 * one state only, with no turn that ends and no speech that is made. A frozen process is no case of it: the SDK kills it.
 */
export function stuck({ q }: RuleContext): AlertRule[] {
  const agent = { by: ['agent_name'], window } as const;
  const states = { by: ['agent_name', 'state'], window } as const;
  const time = q.rate('lk_agents_agent_state_seconds_total', agent);
  const progress = [
    q.increase('lk_agents_turns_total', agent),
    q.increase('lk_agents_tts_requests_total', { ...agent, where: { outcome: 'ok' } }),
    q.increase('lk_agents_realtime_requests_total', { ...agent, where: { outcome: 'ok' } }),
  ].map((happened) => `${happened} > 0`);
  const active = q.gauge('lk_agents_sessions_active', { by: ['agent_name'] });
  const only = (state: 'listening' | { re: string }): string =>
    `${q.rate('lk_agents_agent_state_seconds_total', { ...states, where: { state } })} > on (agent_name) group_left () ${most} * ${time}`;
  const still = `on (agent_name) ${time} >= ${running} and on (agent_name) ${active} > 0`;
  const without = `unless on (agent_name) (${progress.join(' or ')})`;
  const seen = `on (agent_name) (${active} + ${q.increase('lk_agents_sessions_total', agent)}) > ${several}`;
  const deaf =
    `${only('listening')} and on (agent_name) ` +
    `${q.increase('lk_agents_user_state_seconds_total', { ...agent, where: { state: 'speaking' } })} >= ${spoken}`;

  const rule = (severity: Severity, expr: string): AlertRule => ({
    alert: 'LiveKitAgentStuck',
    expr,
    for: '5m',
    severity,
    category: 'failure',
    summary: `{{ $labels.agent_name }}: {{ $value | printf "%.1f" }} sessions have been {{ $labels.state }} for ${window} and nothing else`,
    description:
      'Sessions are running, more than 80 % of their time was spent in this state, no turn ended and nothing was said. ' +
      'Listening counts only if callers spoke meanwhile: the agent does not hear them.',
    board: { name: 'turn-taking', variables: { agent: '{{ $labels.agent_name }}' } },
  });
  return [
    rule('critical', `(${only({ re: 'thinking|speaking' })} or ${deaf}) and ${still} and ${seen} ${without}`),
    rule('warning', `${only({ re: 'thinking|speaking' })} and ${still} ${without}`),
  ];
}
