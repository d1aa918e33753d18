import type { BoardContext, Row } from '../house/board.ts';
import { palette } from '../house/palette.ts';
import { perMinute } from '../house/per-minute.ts';
import { percentileColours, percentiles } from '../house/percentiles.ts';
import { timeseries } from '../house/timeseries.ts';

const noDetector = 'No end-of-turn inference: only the detector of LiveKit Cloud reports its times';
const noInterruptions = 'No inference: the agents have no interruption detector, or nobody spoke over them';

/** The model that says whether the user is done. */
export const endOfTurnDetector = ({ q }: BoardContext): Row => ({
  title: 'End-of-turn detector and VAD',
  panels: [
    timeseries({
      title: 'Verdicts of the end-of-turn detector',
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
        'From the onset of overlapping speech to the verdict: how long the agent goes on talking over the user.',
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
        'Share of the overlaps that the detector took for an interruption, by agent; the others were backchannels. Near 100 %, it spares the agent nothing.',
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
