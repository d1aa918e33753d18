import type { BoardContext, Row } from '../house/board.ts';
import { heatmap } from '../house/heatmap.ts';
import { perMinute } from '../house/per-minute.ts';
import { timeseries } from '../house/timeseries.ts';

const confidence = 'lk_agents_transcript_confidence_ratio';
const noConfidence = 'No transcripts with a confidence: not every STT tells one';

/** Whether the agent hears well. */
export const transcripts = ({ q }: BoardContext): Row => ({
  title: 'What the agent hears',
  panels: [
    heatmap({
      title: 'Confidence of transcripts',
      description:
        'How sure the STT is of what users said, in messages per second between two bounds. A band that sinks: noise, a worse line, another language, or another STT model.',
      unit: 'percentunit',
      width: 8,
      height: 8,
      empty: noConfidence,
      next: 'models',
      targets: [{ expr: q.buckets(confidence), legend: '{{le}}', as: 'heatmap' }],
    }),
    timeseries({
      title: 'Worst tenth of the confidence, by agent',
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
