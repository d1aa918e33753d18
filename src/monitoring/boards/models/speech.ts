import { requestOutcomes } from '../../../catalogue/labels.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { outcomeColours } from '../house/palette.ts';
import { perMinute } from '../house/per-minute.ts';
import { timeseries } from '../house/timeseries.ts';

const model = { by: ['model_provider', 'model_name'] } as const;
const legend = '{{model_provider}} {{model_name}}';

/** What TTS and STT do. */
export const speech = ({ q }: BoardContext): Row => ({
  title: 'TTS and STT requests',
  panels: [
    timeseries({
      title: 'TTS requests by outcome',
      description:
        'Syntheses by how they ended. Cancelled: the user interrupted. Errors and empty ones are silence, or the voice of a fallback.',
      unit: perMinute.unit,
      width: 12,
      empty: 'No TTS requests in this time range',
      draw: 'stack',
      colours: outcomeColours,
      legend: ['mean'],
      targets: requestOutcomes.map((outcome) => ({
        expr: perMinute.of(q.rate('lk_agents_tts_requests_total', { where: { outcome } })),
        legend: outcome,
      })),
    }),
    timeseries({
      title: 'TTS: whole synthesis, p95 by model',
      description:
        'From the request to its last audio. It may take as long as it is played, but not longer: then speech has gaps.',
      unit: 's',
      width: 12,
      empty: 'No TTS requests in this time range',
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [{ expr: q.quantile(0.95, 'lk_agents_tts_duration_seconds', model), legend }],
    }),
    timeseries({
      title: 'STT: wait for the transcript, p95 by agent',
      description:
        "From the end of the user's speech to its final transcript, which every turn waits for. The SDK does not say which STT it is of; compare agents and versions. Filters of provider and model do not apply.",
      unit: 's',
      width: 8,
      empty: 'No turns with a transcript in this time range',
      next: 'turn-taking',
      targets: [
        {
          expr: q.quantile(0.95, 'lk_agents_turn_transcription_delay_seconds', {
            by: ['agent_name', 'agent_version'],
          }),
          legend: '{{agent_name}} {{agent_version}}',
        },
      ],
    }),
    timeseries({
      title: 'STT: duration, p95 by model',
      description: 'Time that requests of an STT took that does not stream: the turn waits for all of it.',
      unit: 's',
      width: 8,
      empty: 'No STT without streaming; a streaming one has no duration',
      targets: [{ expr: q.quantile(0.95, 'lk_agents_stt_duration_seconds', model), legend }],
    }),
    timeseries({
      title: 'STT reports by model',
      description:
        'Requests of an STT that does not stream, and reports of usage of one that does. If they stop while there are sessions, the agent hears nothing.',
      unit: perMinute.unit,
      width: 8,
      empty: 'No STT requests in this time range',
      draw: 'stack',
      targets: [{ expr: perMinute.of(q.rate('lk_agents_stt_requests_total', model)), legend }],
    }),
  ],
});
