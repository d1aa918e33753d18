import { percent } from '../../markdown.ts';
import type { AlertRule, RuleContext, Severity } from '../rule.ts';

/** Over what states are looked at: no answer takes so long. */
const window = '10m';

/** Share of the sessions' time in one state that no conversation reaches. */
const maxStateShare = 0.8;

/** Mean number of running sessions below which there is nothing to judge: six minutes of one in the window. */
const minSessions = 0.6;

/** Sessions in the window that make it certain, and worth waking somebody; a growth is not always a whole number. */
const criticalSessions = 2.5;

/** Seconds that callers have to have spoken in the window for a silent agent to be deaf. */
const minSpeechSeconds = 60;

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
    `${q.rate('lk_agents_agent_state_seconds_total', { ...states, where: { state } })} > on (agent_name) group_left () ${maxStateShare} * ${time}`;
  const still = `on (agent_name) ${time} >= ${minSessions} and on (agent_name) ${active} > 0`;
  const without = `unless on (agent_name) (${progress.join(' or ')})`;
  const seen = `on (agent_name) (${active} + ${q.increase('lk_agents_sessions_total', agent)}) > ${criticalSessions}`;
  const deaf =
    `${only('listening')} and on (agent_name) ` +
    `${q.increase('lk_agents_user_state_seconds_total', { ...agent, where: { state: 'speaking' } })} >= ${minSpeechSeconds}`;

  const rule = (severity: Severity, expr: string): AlertRule => ({
    alert: 'LiveKitAgentStuck',
    expr,
    for: '5m',
    severity,
    category: 'failure',
    summary: `{{ $labels.agent_name }}: {{ $value | printf "%.1f" }} sessions have only been {{ $labels.state }} for ${window}`,
    description:
      'Sessions are running. More than 80 % of their time was spent in this state, no turn ended and no speech was generated. ' +
      'Listening counts only if callers spoke during that time.',
    board: { name: 'turn-taking', variables: { agent: '{{ $labels.agent_name }}' } },
  });
  return [
    rule('critical', `(${only({ re: 'thinking|speaking' })} or ${deaf}) and ${still} and ${seen} ${without}`),
    rule('warning', `${only({ re: 'thinking|speaking' })} and ${still} ${without}`),
  ];
}

/** Minimum number of crashes in the window. */
const enoughCrashes = 5;

/**
 * Calls that ended by a crash of their process. The series of jobs are more complete: they include crashes before the
 * session began. The series of sessions identify the agent, if a worker runs several.
 */
export function crashes({ q, objectives }: RuleContext): AlertRule[] {
  const steps: readonly { severity: Severity; window: string; ratio: number; for: string }[] = [
    { severity: 'critical', window: '5m', ratio: 0.3, for: '2m' },
    { severity: 'warning', window: '15m', ratio: objectives.crashRatio, for: '2m' },
  ];
  const above = (crashed: string, all: string, ratio: number): string =>
    `(${crashed} / (${all} > 0) > ${ratio} and ${crashed} >= ${enoughCrashes})`;
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
        `More than ${percent(ratio)} of the worker's jobs crashed or were killed, or of the agent's sessions ended because ` +
        'their job died.',
      board: { name: 'workers', variables: { agent: '{{ $labels.agent_name }}' } },
    };
  });
}

/**
 * Calls that ended in the same hour of the weeks before, below which none in half an hour is no accident: were they spread at
 * random, ten in half an hour would be none once in 20,000 times.
 */
const minUsualCalls = 20;

/** Calls in the three hours before, from which on it is today that they have stopped, and no holiday. */
const minCallsToday = 10;

/** An hour around the same half hour of earlier weeks. */
const weeksAgo = { one: '167h45m', two: '335h45m' } as const;

/** Calls that no longer reach an agent: a problem outside of the agent does not change its other metrics. */
export function traffic({ q }: RuleContext): AlertRule[] {
  const ended = (window: string, offset?: string) =>
    q.increase('lk_agents_sessions_total', { by: ['agent_name'], window, ...(offset && { offset }) });
  const lastWeek = ended('1h', weeksAgo.one);
  const weekBefore = ended('1h', weeksAgo.two);
  const active = q.gauge('lk_agents_sessions_active', { by: ['agent_name'] });
  // Two weeks ago counts only where the agent was there: its first calls may be a week old.
  const stopped =
    `(${lastWeek} >= ${minUsualCalls} unless on (agent_name) ${weekBefore} < ${minUsualCalls}) ` +
    `unless on (agent_name) (${ended('30m')} > 0 or ${active} > 0)`;
  const rule = (severity: Severity, expr: string, held: string): AlertRule => ({
    alert: 'LiveKitAgentCallsStopped',
    expr,
    for: held,
    severity,
    category: 'traffic',
    summary:
      '{{ $labels.agent_name }}: no calls for 30m; {{ $value | printf "%.0f" }} ended in this hour a week ago',
    description:
      `No session ran or ended in the last 30 minutes, though in the same hour of the last two weeks at least ${minUsualCalls} did. ` +
      'Either there are no callers, or calls do not reach the agent.',
    board: { name: 'fleet', variables: { agent: '{{ $labels.agent_name }}' } },
  });
  return [
    rule('critical', `${stopped} and on (agent_name) ${ended('3h', '30m')} >= ${minCallsToday}`, '5m'),
    rule('warning', stopped, '15m'),
  ];
}

/** Minimum number of failed recordings in an hour. */
const enoughFailedRecordings = 5;

/** Failed recordings of rooms. Nobody notices them before a recording is needed. */
export function recordingFailures({ q, objectives: { recordingErrorRatio } }: RuleContext): AlertRule[] {
  const of = { by: ['agent_name', 'destination'], window: '1h' } as const;
  const all = q.increase('lk_agents_recordings_total', of);
  const failed = q.increase('lk_agents_recordings_total', {
    ...of,
    where: { outcome: { re: 'failed|aborted|not_started' } },
  });
  return [
    {
      alert: 'LiveKitAgentRecordingsFailing',
      expr: `${failed} / (${all} > 0) > ${recordingErrorRatio} and ${failed} >= ${enoughFailedRecordings}`,
      for: '5m',
      severity: 'warning',
      category: 'failure',
      objectives: ['recordingErrorRatio'],
      summary:
        '{{ $labels.agent_name }}: {{ $value | humanizePercentage }} of the recordings to {{ $labels.destination }} in 1h failed',
      description:
        `${percent(recordingErrorRatio)} of the room recordings may fail. Calls continue, but they are ` +
        'not recorded.',
      board: { name: 'transport', variables: { agent: '{{ $labels.agent_name }}' } },
    },
  ];
}
