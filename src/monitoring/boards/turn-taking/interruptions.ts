import type { Objectives } from '../../../catalogue/objectives.ts';
import { percent } from '../../markdown.ts';
import type { Queries } from '../../promql/queries.ts';
import { baseline, measures } from '../../rules/baselines.ts';
import type { BoardContext, Row } from '../panels/board.ts';
import { heatmap, timeseries } from '../panels/charts.ts';
import { percentileColours, percentiles, perMinute, recordedSeries } from '../panels/queries.ts';
import { palette } from '../panels/thresholds.ts';

/** By what, and over which range. */
interface About {
  by?: readonly ('agent_name' | 'agent_version')[];
  window?: string;
}

/** The share of the silences after the user spoke that were dead air. */
export const deadAirShare = (q: Queries, { deadAir }: Objectives, about: About = {}): string =>
  q.shareAbove(deadAir, 'lk_agents_dead_air_seconds', { ...about, where: { after: 'user' } });

/** The share of the turns that ended so. */
export const turnShare = (q: Queries, outcome: 'interrupted' | 'unanswered', about: About = {}): string =>
  q.share(['lk_agents_turns_total', { ...about, where: { outcome } }], ['lk_agents_turns_total', about]);

/** Times that the agent fell silent for noise, per turn: speeches are not counted, turns are. */
export const falseInterruptionsPerTurn = (q: Queries, about: About = {}): string =>
  q.share(['lk_agents_false_interruptions_total', about], ['lk_agents_turns_total', about]);

/** The agent's share of the time in which either side spoke. */
export function agentTalkShare(q: Queries, about: About = {}): string {
  const speaking = { ...about, where: { state: 'speaking' } } as const;
  const agent = `(${q.rate('lk_agents_agent_state_seconds_total', speaking)})`;
  const user = `(${q.rate('lk_agents_user_state_seconds_total', speaking)})`;
  return `${agent} / (${agent} + ${user} > 0)`;
}

/** Both sides speaking at once: what of it was meant. */
export function interruptions({ q, objectives }: BoardContext): Row {
  const { agent_name } = q.scope.where;
  const ofAgents = { ...(agent_name && { agent_name }) };
  return {
    title: 'Interruptions',
    panels: [
      timeseries({
        title: 'Interruptions by kind',
        description:
          'Interrupted speeches: the agent was cut off, heard or not. False: it fell silent for noise, and went on afterwards or did not. Many that do not resume: see that resuming is switched on.',
        unit: perMinute.unit,
        width: 12,
        empty: 'No interruptions: no sessions in this time range',
        colours: {
          'interrupted speeches': palette.neutral,
          'false, resumed': palette.warning,
          'false, not resumed': palette.bad,
        },
        legend: ['mean'],
        next: 'sessions',
        targets: [
          {
            expr: perMinute.of(q.rate('lk_agents_speech_interrupted_total')),
            legend: 'interrupted speeches',
          },
          {
            expr: perMinute.of(q.rate('lk_agents_false_interruptions_total', { where: { resumed: 'true' } })),
            legend: 'false, resumed',
          },
          {
            expr: perMinute.of(
              q.rate('lk_agents_false_interruptions_total', { where: { resumed: 'false' } }),
            ),
            legend: 'false, not resumed',
          },
        ],
      }),
      timeseries({
        title: 'Overlapping speech',
        description:
          'Times that the user spoke while the agent did, by the verdict of the interruption detector: an interruption stops the agent, a backchannel ("mm-hmm") does not.',
        unit: perMinute.unit,
        width: 12,
        empty: 'No overlapping speech: only agents with an interruption detector report it',
        draw: 'stack',
        colours: { interruption: palette.warning, backchannel: palette.good },
        legend: ['mean'],
        targets: [
          {
            expr: perMinute.of(
              q.rate('lk_agents_overlapping_speech_total', { where: { interruption: 'true' } }),
            ),
            legend: 'interruption',
          },
          {
            expr: perMinute.of(
              q.rate('lk_agents_overlapping_speech_total', { where: { interruption: 'false' } }),
            ),
            legend: 'backchannel',
          },
        ],
      }),
      timeseries({
        title: 'Interrupted turns against the baseline',
        description:
          'Share of the turns of the last hour that the user interrupted, by agent. Dashed: the median of the last seven days. A rise after a deploy is a reason to compare versions.',
        unit: 'percentunit',
        width: 12,
        empty: 'Needs the recording rules, and 20 turns in an hour',
        dashed: '/, usual$/',
        next: 'releases',
        targets: [
          { expr: recordedSeries(measures.interruptions, ofAgents), legend: '{{agent_name}}' },
          { expr: recordedSeries(baseline('interruptions'), ofAgents), legend: '{{agent_name}}, usual' },
        ],
      }),
      timeseries({
        title: 'False interruptions per turn, by agent',
        description: `How often noise silenced the agent. The dashed line is the objective, ${percent(objectives.falseInterruptionRatio)}. Above it: raise the least length of an interruption, or use an interruption detector.`,
        unit: 'percentunit',
        width: 12,
        empty: 'No turns in this time range',
        limit: objectives.falseInterruptionRatio,
        targets: [{ expr: falseInterruptionsPerTurn(q, { by: ['agent_name'] }), legend: '{{agent_name}}' }],
      }),
    ],
  };
}

const silence = 'lk_agents_dead_air_seconds';
const noSilences = 'No silences in this time range';

/** Stretches in which nobody spoke. */
export const deadAir = ({ q, objectives }: BoardContext): Row => ({
  title: 'Dead air',
  panels: [
    timeseries({
      title: `Silences over ${objectives.deadAir} s after the user, by agent`,
      description: `Share of the silences after the user spoke that are dead air: callers ask "are you there?". The dashed line is the objective, ${percent(objectives.deadAirRatio)}. It includes turns whose latency the SDK does not measure.`,
      unit: 'percentunit',
      width: 12,
      empty: noSilences,
      limit: objectives.deadAirRatio,
      next: 'latency',
      targets: [{ expr: deadAirShare(q, objectives, { by: ['agent_name'] }), legend: '{{agent_name}}' }],
    }),
    heatmap({
      title: 'Distribution of silences after the user',
      description:
        'How many silences per second fell between two bounds: what the caller hears while the agent gets its answer ready. A band that moves up is an agent that slows down; a second one may be turns with tools.',
      unit: 's',
      width: 12,
      height: 8,
      empty: noSilences,
      next: 'tools',
      targets: [{ expr: q.buckets(silence, { where: { after: 'user' } }), legend: '{{le}}', as: 'heatmap' }],
    }),
    timeseries({
      title: 'Silence after the user',
      description:
        'How long it is silent when the user has spoken: the agent is to answer. It holds for realtime models, too, whose turns have no measured latency.',
      unit: 's',
      width: 12,
      empty: noSilences,
      colours: percentileColours,
      legend: ['mean'],
      limit: objectives.deadAir,
      next: 'latency',
      targets: percentiles(q, silence, { where: { after: 'user' } }),
    }),
    timeseries({
      title: 'Silence after the agent',
      description:
        'How long it is silent when the agent has spoken: the user is to answer. Longer silences indicate questions that users do not understand, or users who do not know that it is their turn.',
      unit: 's',
      width: 12,
      empty: noSilences,
      colours: percentileColours,
      legend: ['mean'],
      targets: percentiles(q, silence, { where: { after: 'agent' } }),
    }),
  ],
});

const noDetector = 'No end-of-turn inference: only the detector of LiveKit Cloud reports its times';
const noInterruptions = 'No inference: the agents have no interruption detector, or nobody spoke over them';

/** The model that says whether the user is done. */
export const endOfTurnDetector = ({ q }: BoardContext): Row => ({
  title: 'End-of-turn detector and VAD',
  panels: [
    timeseries({
      title: 'End-of-turn predictions',
      description:
        'Likely: the user is done, and the agent takes its turn soon. Unlikely: it waits for the longest endpointing delay. Mostly unlikely means slow turns; check the threshold and the language.',
      unit: perMinute.unit,
      width: 6,
      empty: 'No predictions: the agents have no end-of-turn detector',
      draw: 'stack',
      colours: { likely: palette.good, unlikely: palette.warning },
      targets: [
        {
          expr: perMinute.of(q.rate('lk_agents_eot_predictions_total', { where: { likely: 'yes' } })),
          legend: 'likely',
        },
        {
          expr: perMinute.of(q.rate('lk_agents_eot_predictions_total', { where: { likely: 'no' } })),
          legend: 'unlikely',
        },
      ],
    }),
    timeseries({
      title: 'Delay of end-of-turn detection',
      description:
        'From the audio to the prediction. What it takes beyond the round trip is waiting in the agent: look at stalls of the event loop.',
      unit: 's',
      width: 6,
      empty: noDetector,
      colours: percentileColours,
      next: 'workers',
      targets: percentiles(q, 'lk_agents_eot_detection_delay_seconds'),
    }),
    timeseries({
      title: 'End-of-turn inference, p95',
      description:
        'The round trip, and the part of it that the model itself took. The rest is the network between the agent and the model.',
      unit: 's',
      width: 6,
      empty: noDetector,
      colours: { 'round trip': palette.warning, model: palette.neutral },
      targets: [
        { expr: q.quantile(0.95, 'lk_agents_eot_total_duration_seconds'), legend: 'round trip' },
        { expr: q.quantile(0.95, 'lk_agents_eot_prediction_duration_seconds'), legend: 'model' },
      ],
    }),
    timeseries({
      title: 'VAD: time for an inference',
      description:
        'Mean time that voice activity detection takes for one inference, by agent. The VAD runs in the job: if this grows, the machine is overloaded, and ends of speech are noticed late.',
      unit: 's',
      width: 6,
      empty: 'The VAD reported nothing: it does so after every 32nd onset of speech only',
      next: 'workers',
      targets: [
        {
          expr: `${q.rate('lk_agents_vad_inference_seconds_total', { by: ['agent_name'] })} / (${q.rate('lk_agents_vad_inferences_total', { by: ['agent_name'] })} > 0)`,
          legend: '{{agent_name}}',
        },
      ],
    }),
  ],
});

/** The model that says whether the user means to interrupt. */
export const interruptionDetector = ({ q }: BoardContext): Row => ({
  title: 'Interruption detector',
  panels: [
    timeseries({
      title: 'Delay of interruption detection',
      description:
        'From the onset of overlapping speech to the verdict: how long the agent continues to speak over the user.',
      unit: 's',
      width: 8,
      empty: noInterruptions,
      colours: percentileColours,
      targets: percentiles(q, 'lk_agents_interruption_detection_delay_seconds'),
    }),
    timeseries({
      title: 'Interruption inference, p95',
      description:
        'The round trip, and the part of it that the model itself took. The rest is the network between the agent and the model.',
      unit: 's',
      width: 8,
      empty: noInterruptions,
      colours: { 'round trip': palette.warning, model: palette.neutral },
      targets: [
        { expr: q.quantile(0.95, 'lk_agents_interruption_total_duration_seconds'), legend: 'round trip' },
        { expr: q.quantile(0.95, 'lk_agents_interruption_prediction_duration_seconds'), legend: 'model' },
      ],
    }),
    timeseries({
      title: 'Overlaps taken for interruptions',
      description:
        'Share of the overlaps that the detector took for an interruption, by agent; the others were backchannels. Near 100 %, the detector has no effect.',
      unit: 'percentunit',
      width: 8,
      max: 1,
      empty: noInterruptions,
      targets: [
        {
          expr: q.share(
            ['lk_agents_overlapping_speech_total', { by: ['agent_name'], where: { interruption: 'true' } }],
            ['lk_agents_overlapping_speech_total', { by: ['agent_name'] }],
          ),
          legend: '{{agent_name}}',
        },
      ],
    }),
  ],
});
