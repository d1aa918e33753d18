import { percent } from '../../markdown.ts';
import { baseline, measures } from '../baselines.ts';
import type { AlertRule, RuleContext } from '../rule.ts';
import { baselineText } from './templates.ts';

/** Turns, silences or sessions in the window below which a share or a percentile says nothing. */
const enough = { turns: 30, silences: 30, sessions: 20 };

/** How many times its past the share of interrupted turns may be, and by how much it has to be more. */
const interruptionIncrease = { factor: 1.5, share: 0.1 };

/** Share of unanswered turns that is an outage. */
const outage = 0.5;

const agent = { agent: '{{ $labels.agent_name }}' };

/** Conversation problems without a failure. */
export function conversation({ q, objectives }: RuleContext): AlertRule[] {
  const half = { by: ['agent_name'], window: '30m' } as const;
  const hour = { by: ['agent_name'], window: '1h' } as const;
  const silences = { ...half, where: { after: 'user' } } as const;
  const { deadAir, deadAirRatio, earlyHangup, earlyHangupRatio, firstResponse } = objectives;
  const { falseInterruptionRatio, unansweredRatio } = objectives;

  /** Turns whose caller waited for an answer. */
  const waited = { ...half, where: { outcome: { not: 'abandoned' } } } as const;
  const unanswered = (limit: number): string =>
    `(${q.share(
      ['lk_agents_turns_total', { ...half, where: { outcome: 'unanswered' } }],
      ['lk_agents_turns_total', waited],
    )} > ${limit}) and ${q.increase('lk_agents_turns_total', waited)} >= ${enough.turns} ` +
    // An agent that only listens never answers, by design.
    `and ${q.increase('lk_agents_turns_total', { by: ['agent_name'], where: { outcome: { re: 'completed|interrupted' } }, window: '1d' })} > 0`;

  return [
    {
      alert: 'LiveKitAgentInterruptionsHigh',
      expr:
        `${measures.interruptions} > ${interruptionIncrease.factor} * ${baseline('interruptions')} ` +
        `and ${measures.interruptions} - ${baseline('interruptions')} > ${interruptionIncrease.share}`,
      for: '15m',
      severity: 'warning',
      category: 'quality',
      summary: `{{ $labels.agent_name }}: callers interrupted {{ $value | humanizePercentage }} of the answers; the 7-day median is ${baselineText('interruptions', ['agent_name'], 'humanizePercentage')}`,
      description:
        'The share of interrupted turns in the last hour is more than 1.5 times, and 10 points above, the median of the ' +
        'last seven days.',
      board: { name: 'turn-taking', variables: agent },
    },
    {
      alert: 'LiveKitAgentFalseInterruptions',
      expr: `(${q.share(['lk_agents_false_interruptions_total', hour], ['lk_agents_turns_total', hour])} > ${falseInterruptionRatio}) and ${q.increase('lk_agents_turns_total', hour)} >= ${enough.turns}`,
      for: '15m',
      severity: 'warning',
      objectives: ['falseInterruptionRatio'],
      category: 'quality',
      summary: '{{ $labels.agent_name }}: false interruptions in {{ $value | humanizePercentage }} of turns',
      description: `False interruptions per turn over the last hour: the agent stopped speaking, and no user speech followed. The objective is at most ${percent(falseInterruptionRatio)}.`,
      board: { name: 'turn-taking', variables: agent },
    },
    {
      alert: 'LiveKitAgentDeadAir',
      expr: `(${q.shareAbove(deadAir, 'lk_agents_dead_air_seconds', silences)} > ${deadAirRatio}) and ${q.count('lk_agents_dead_air_seconds', silences)} >= ${enough.silences}`,
      for: '10m',
      severity: 'warning',
      objectives: ['deadAir', 'deadAirRatio'],
      category: 'quality',
      summary: `{{ $labels.agent_name }}: after {{ $value | humanizePercentage }} of what callers said, the line was silent for more than ${deadAir} s`,
      description: `Silences after the caller spoke, over the last 30 minutes. At most ${percent(deadAirRatio)} of them may be longer than ${deadAir} s.`,
      board: { name: 'turn-taking', variables: agent },
    },
    {
      alert: 'LiveKitAgentFirstResponseSlow',
      expr: `(${q.quantile(0.95, 'lk_agents_first_response_seconds', half)} > ${firstResponse}) and ${q.count('lk_agents_first_response_seconds', half)} >= ${enough.sessions}`,
      for: '10m',
      severity: 'warning',
      objectives: ['firstResponse'],
      category: 'latency',
      summary: '{{ $labels.agent_name }}: p95 of the first response time is {{ $value | humanizeDuration }}',
      description: `The time from the start of a session to the agent's first word, over the last 30 minutes; up to ${firstResponse} s is fine.`,
      board: { name: 'latency', variables: agent },
    },
    {
      // The duration's histogram knows no reason, so two shares bound it: sessions that were short, for whatever
      // reason, and sessions that the caller ended, however long. Early hang-ups are no more than either.
      alert: 'LiveKitAgentEarlyHangups',
      expr:
        `(${q.shareUpTo(earlyHangup, 'lk_agents_session_duration_seconds', hour)} > ${earlyHangupRatio}) ` +
        `and (${q.share(
          ['lk_agents_sessions_total', { ...hour, where: { close_reason: 'participant_disconnected' } }],
          ['lk_agents_sessions_total', hour],
        )} > ${earlyHangupRatio}) ` +
        `and ${q.count('lk_agents_session_duration_seconds', hour)} >= ${enough.sessions}`,
      for: '15m',
      severity: 'warning',
      objectives: ['earlyHangup', 'earlyHangupRatio'],
      category: 'quality',
      summary: `{{ $labels.agent_name }}: {{ $value | humanizePercentage }} of calls were over within ${earlyHangup} s`,
      description: `Share of the sessions of the last hour that ended within ${earlyHangup} s, while callers ended at least as large a share. The objective is at most ${percent(earlyHangupRatio)}.`,
      board: { name: 'turn-taking', variables: agent },
    },
    ...(
      [
        ['critical', Math.max(outage, unansweredRatio), '5m'],
        ['warning', unansweredRatio, '10m'],
      ] as const
    ).map(
      ([severity, limit, hold]): AlertRule => ({
        alert: 'LiveKitAgentUnansweredTurns',
        expr: unanswered(limit),
        for: hold,
        severity,
        objectives: ['unansweredRatio'],
        category: 'quality',
        summary: '{{ $labels.agent_name }}: {{ $value | humanizePercentage }} of turns were unanswered',
        description: `Share of the turns of the last 30 minutes in which the caller spoke and waited, and the agent did not answer. The limit is ${percent(limit)}.`,
        board: { name: 'turn-taking', variables: agent },
      }),
    ),
  ];
}
