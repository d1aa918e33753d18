import type { BoardContext, Row } from '../house/board.ts';
import { percent } from '../house/percent.ts';
import { stat } from '../house/stat.ts';
import { agentTalks, falseInterruptions, silenceAfterUser, turnsThatWere } from './shares.ts';

const noTurns = 'No turns in this time range';

/** The four ways in which turn-taking fails, and how fast it is. */
export function glance({ q, objectives }: BoardContext): Row {
  const window = '$__range';
  return {
    panels: [
      stat({
        title: 'Wait for the turn, p95',
        description:
          "From the end of the user's speech to the decision that the turn is over; 95 % were faster. It is a part of every turn's latency: lower the endpointing delay, or use an end-of-turn detector.",
        unit: 's',
        width: 4,
        empty: noTurns,
        next: 'latency',
        targets: [{ expr: q.quantile(0.95, 'lk_agents_eou_delay_seconds', { window }), as: 'instant' }],
      }),
      stat({
        title: 'Turns cut off by the user',
        description:
          'Share of the turns whose answer the user interrupted. Some is human; compare it with what is usual below. Much of it means answers that are long, wrong, or begin before the user was done.',
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: noTurns,
        targets: [{ expr: turnsThatWere(q, 'interrupted', { window }), as: 'instant' }],
      }),
      stat({
        title: 'False interruptions per turn',
        description: `How often the agent fell silent for noise, per turn; red from ${percent(objectives.falseInterruptionRatio)} on. Raise the least length of an interruption, or use an interruption detector.`,
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: noTurns,
        limits: { bad: objectives.falseInterruptionRatio },
        targets: [{ expr: falseInterruptions(q, { window }), as: 'instant' }],
      }),
      stat({
        title: 'Dead air after the user',
        description: `Share of the silences after the user spoke that were longer than ${objectives.deadAir} s; red from ${percent(objectives.deadAirRatio)} on. Look at what the slow turns wait for.`,
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: 'No silences in this time range',
        limits: { bad: objectives.deadAirRatio },
        next: 'latency',
        targets: [{ expr: silenceAfterUser(q, objectives, { window }), as: 'instant' }],
      }),
      stat({
        title: 'Unanswered turns',
        description: `Share of the turns to which the agent never said anything; red from ${percent(objectives.unansweredRatio)} on. Look for models and tools that fail.`,
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: noTurns,
        limits: { bad: objectives.unansweredRatio },
        next: 'models',
        targets: [{ expr: turnsThatWere(q, 'unanswered', { window }), as: 'instant' }],
      }),
      stat({
        title: 'Talking done by the agent',
        description:
          "The agent's share of the time in which either side spoke. Neither good nor bad; a change tells of longer answers, or of users who have given up.",
        unit: 'percentunit',
        width: 4,
        decimals: 0,
        empty: 'Nobody spoke in this time range',
        targets: [{ expr: agentTalks(q, { window }), as: 'instant' }],
      }),
    ],
  };
}
