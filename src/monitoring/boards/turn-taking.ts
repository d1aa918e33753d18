import { agentStates } from '../../catalogue/labels.ts';
import { percent } from '../markdown.ts';
import type { BoardContext, BoardSpec, Row } from './panels/board.ts';
import { heatmap, stat, timeseries } from './panels/charts.ts';
import { exemplars, percentileColours, percentiles, perMinute } from './panels/queries.ts';
import { table } from './panels/table.ts';
import { palette } from './panels/thresholds.ts';
import {
  agentTalkShare,
  deadAir,
  deadAirShare,
  endOfTurnDetector,
  falseInterruptionsPerTurn,
  interruptionDetector,
  interruptions,
  turnShare,
} from './turn-taking/interruptions.ts';

/** Whether agents answer when it is their turn: not too late, not too early, and not never. */
export const turnTaking: BoardSpec = {
  name: 'turn-taking',
  description: 'Does the agent know when it is its turn?',
  rows: (context) => [
    summary(context),
    endOfTurnDelay(context),
    byAgent(context),
    interruptions(context),
    deadAir(context),
    talkTime(context),
    transcripts(context),
    endOfTurnDetector(context),
    interruptionDetector(context),
  ],
};

const noTurns = 'No turns in this time range';

/** The four ways in which turn-taking fails, and how fast it is. */
function summary({ q, objectives }: BoardContext): Row {
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
          'Share of the turns whose answer the user interrupted. Some interruptions are normal; compare with the baseline below. Much of it means answers that are long, wrong, or begin before the user was done.',
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: noTurns,
        targets: [{ expr: turnShare(q, 'interrupted', { window }), as: 'instant' }],
      }),
      stat({
        title: 'False interruptions per turn',
        description: `How often the agent fell silent for noise, per turn; red from ${percent(objectives.falseInterruptionRatio)} on. Raise the least length of an interruption, or use an interruption detector.`,
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: noTurns,
        limits: { bad: objectives.falseInterruptionRatio },
        targets: [{ expr: falseInterruptionsPerTurn(q, { window }), as: 'instant' }],
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
        targets: [{ expr: deadAirShare(q, objectives, { window }), as: 'instant' }],
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
        targets: [{ expr: turnShare(q, 'unanswered', { window }), as: 'instant' }],
      }),
      stat({
        title: 'Agent share of talk time',
        description:
          "The agent's share of the time in which either side spoke. Neither good nor bad. A change indicates longer answers, or users who stopped talking.",
        unit: 'percentunit',
        width: 4,
        decimals: 0,
        empty: 'Nobody spoke in this time range',
        targets: [{ expr: agentTalkShare(q, { window }), as: 'instant' }],
      }),
    ],
  };
}

const delay = 'lk_agents_eou_delay_seconds';
const transcription = 'lk_agents_eou_transcription_delay_seconds';

/** How long agents wait before they take their turn, and how the turns end. */
const endOfTurnDelay = ({ q, objectives }: BoardContext): Row => ({
  panels: [
    timeseries({
      title: 'From the end of speech to the end of turn',
      description:
        'How long the agent waits until it takes its turn. A p95 far above the p50 is the longest endpointing delay, taken when the agent was not sure. Dots are single turns; click one for its trace.',
      unit: 's',
      width: 8,
      height: 9,
      empty:
        'No end of turn was detected in this time range; realtime models with a turn detection of their own report none',
      colours: percentileColours,
      legend: ['mean'],
      next: 'latency',
      targets: [...percentiles(q, delay), exemplars(q, delay)],
    }),
    timeseries({
      title: 'From the end of speech to the transcript',
      description:
        "The part of it that waits for the STT's final transcript. If it is most of the wait, a faster STT helps and a shorter endpointing delay does not.",
      unit: 's',
      width: 8,
      height: 9,
      empty: 'No final transcript after a detected end of speech in this time range',
      colours: percentileColours,
      legend: ['mean'],
      next: 'models',
      targets: [...percentiles(q, transcription), exemplars(q, transcription)],
    }),
    timeseries({
      title: 'Interrupted and unanswered turns',
      description: `Share of the turns that the user cut off, and of those that got no answer. The dashed line is what may go unanswered, ${100 * objectives.unansweredRatio} %.`,
      unit: 'percentunit',
      width: 8,
      height: 9,
      empty: 'No turns in this time range',
      limit: objectives.unansweredRatio,
      colours: { 'cut off by the user': palette.warning, unanswered: palette.bad },
      legend: ['mean'],
      targets: [
        { expr: turnShare(q, 'interrupted'), legend: 'cut off by the user' },
        { expr: turnShare(q, 'unanswered'), legend: 'unanswered' },
      ],
    }),
  ],
});

/** Which agent it is. */
function byAgent({ q, objectives }: BoardContext): Row {
  const about = { by: ['agent_name', 'agent_version'], window: '$__range' } as const;
  return {
    panels: [
      table({
        title: 'Turn-taking of each agent and version',
        description:
          'Which agent is it, and is it its version? The slowest to take its turn first; red is beyond the objective. Cut off: by the user. False interruptions are per turn. Click an agent to compare its versions.',
        width: 24,
        height: 9,
        empty: 'No turns in this time range',
        keys: [
          { label: 'agent_name', title: 'Agent', link: { board: 'releases', variable: 'agent' } },
          { label: 'agent_version', title: 'Version' },
        ],
        sortBy: 'Wait, p95',
        columns: [
          {
            title: 'Turns',
            unit: 'locale',
            decimals: 0,
            expr: `${q.increase('lk_agents_turns_total', about)} > 0`,
          },
          {
            title: 'Wait, p95',
            unit: 's',
            expr: q.quantile(0.95, 'lk_agents_eou_delay_seconds', about),
          },
          {
            title: 'Cut off',
            unit: 'percentunit',
            decimals: 1,
            expr: turnShare(q, 'interrupted', about),
          },
          {
            title: 'False interruptions',
            unit: 'percentunit',
            decimals: 1,
            expr: falseInterruptionsPerTurn(q, about),
            limits: { bad: objectives.falseInterruptionRatio },
          },
          {
            title: `Silences over ${objectives.deadAir} s`,
            unit: 'percentunit',
            decimals: 1,
            expr: deadAirShare(q, objectives, about),
            limits: { bad: objectives.deadAirRatio },
          },
          {
            title: 'Unanswered',
            unit: 'percentunit',
            decimals: 1,
            expr: turnShare(q, 'unanswered', about),
            limits: { bad: objectives.unansweredRatio },
          },
          { title: 'Agent talks', unit: 'percentunit', decimals: 0, expr: agentTalkShare(q, about) },
        ],
      }),
    ],
  };
}

const agentStateSeconds = 'lk_agents_agent_state_seconds_total';
const userStateSeconds = 'lk_agents_user_state_seconds_total';
const noSessions = 'No sessions in this time range';

/** How the time of calls is spent. */
const talkTime = ({ q }: BoardContext): Row => ({
  title: 'Talk time',
  panels: [
    timeseries({
      title: 'Agent share of talk time, by agent',
      description:
        "The agent's share of the time in which either side spoke. A drift upwards: its answers grow, or users have given up.",
      unit: 'percentunit',
      width: 8,
      max: 1,
      empty: 'Nobody spoke in this time range',
      targets: [{ expr: agentTalkShare(q, { by: ['agent_name'] }), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Agent states',
      description:
        'How agents spend the time of a session. Thinking is what callers wait for; an agent that goes on listening for long was not heard, or has nothing to say.',
      unit: 'percentunit',
      width: 8,
      max: 1,
      empty: noSessions,
      draw: 'stack',
      colours: {
        speaking: 'blue',
        thinking: 'orange',
        listening: 'green',
        idle: 'text',
        initializing: 'purple',
      },
      targets: agentStates.map((state) => ({
        expr: q.share([agentStateSeconds, { where: { state } }], [agentStateSeconds]),
        legend: state,
      })),
    }),
    timeseries({
      title: 'Users away',
      description:
        "Share of the sessions' time in which the user has been silent for so long that the SDK takes them to be away. Sessions that stay open for nobody cost money: end them.",
      unit: 'percentunit',
      width: 8,
      empty: noSessions,
      next: 'cost',
      targets: [
        {
          expr: q.share(
            [userStateSeconds, { by: ['agent_name'], where: { state: 'away' } }],
            [userStateSeconds, { by: ['agent_name'] }],
          ),
          legend: '{{agent_name}}',
        },
      ],
    }),
  ],
});

const confidence = 'lk_agents_transcript_confidence_ratio';
const noConfidence = 'No transcripts with a confidence: not every STT reports it';

/** The quality of speech recognition. */
const transcripts = ({ q }: BoardContext): Row => ({
  title: 'Transcripts',
  panels: [
    heatmap({
      title: 'Confidence of transcripts',
      description:
        'Confidence of the STT in user messages, in messages per second between two bounds. A band that sinks: noise, a worse line, another language, or another STT model.',
      unit: 'percentunit',
      width: 8,
      height: 8,
      empty: noConfidence,
      next: 'models',
      targets: [{ expr: q.buckets(confidence), legend: '{{le}}', as: 'heatmap' }],
    }),
    timeseries({
      title: 'Transcript confidence, p10 by agent',
      description:
        'One message in ten was less certain than this. Compare agents with different STT models, and look at the transport when all of them sink.',
      unit: 'percentunit',
      width: 8,
      max: 1,
      empty: noConfidence,
      next: 'transport',
      targets: [{ expr: q.quantile(0.1, confidence, { by: ['agent_name'] }), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Speech without a transcript',
      description:
        'Times that the VAD heard speech and no transcript came: noise, or an STT that lags. Ends of turn that no silence preceded were committed by something else, such as your own code.',
      unit: perMinute.unit,
      width: 8,
      empty: 'No sessions in this time range',
      next: 'models',
      colours: { 'no transcript': 'orange', 'end of turn without a detected end of speech': 'blue' },
      targets: [
        {
          expr: perMinute.of(q.rate('lk_agents_user_transcription_timeouts_total')),
          legend: 'no transcript',
        },
        {
          expr: perMinute.of(q.rate('lk_agents_eou_events_total', { where: { detected: 'no' } })),
          legend: 'end of turn without a detected end of speech',
        },
      ],
    }),
  ],
});
