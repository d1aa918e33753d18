import type { BoardContext, Row } from '../house/board.ts';
import { exemplars } from '../house/percentiles.ts';
import { timeseries } from '../house/timeseries.ts';

const model = { by: ['model_provider', 'model_name'] } as const;
const legend = '{{model_provider}} {{model_name}}';

/** How long a model takes until something comes. */
export const firstOutput = ({ q }: BoardContext): Row => ({
  panels: [
    timeseries({
      title: 'LLM: time to the first token, p95 by model',
      description:
        'Which LLM is slow? Retries are included, so a provider that fails looks slow, too. All of a provider: its outage; one model: that model. Dots are single requests; click one for its trace.',
      unit: 's',
      width: 12,
      height: 9,
      empty: 'No LLM requests in this time range',
      legend: ['mean', 'lastNotNull'],
      legendAt: 'right',
      sorted: true,
      targets: [
        { expr: q.quantile(0.95, 'lk_agents_llm_ttft_seconds', model), legend },
        exemplars(q, 'lk_agents_llm_ttft_seconds'),
      ],
    }),
    timeseries({
      title: 'TTS: time to the first audio, p95 by model',
      description:
        'Which voice is slow? A TTS that cannot stream takes as long as its sentence. Dots are single syntheses; click one for its trace.',
      unit: 's',
      width: 12,
      height: 9,
      empty: 'No TTS requests in this time range',
      legend: ['mean', 'lastNotNull'],
      legendAt: 'right',
      sorted: true,
      targets: [
        { expr: q.quantile(0.95, 'lk_agents_tts_ttfb_seconds', model), legend },
        exemplars(q, 'lk_agents_tts_ttfb_seconds'),
      ],
    }),
  ],
});
