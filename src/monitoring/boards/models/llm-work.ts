import { requestOutcomes } from '../../../catalogue/labels.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { outcomeColours } from '../house/palette.ts';
import { perMinute } from '../house/per-minute.ts';
import { timeseries } from '../house/timeseries.ts';

const model = { by: ['model_provider', 'model_name'] } as const;
const legend = '{{model_provider}} {{model_name}}';
const empty = 'No LLM requests in this time range';
const requests = 'lk_agents_llm_requests_total';

/** What LLMs do after the first token. */
export const llmWork = ({ q }: BoardContext): Row => ({
  title: 'LLM requests',
  panels: [
    timeseries({
      title: 'LLM requests by outcome',
      description:
        'Cancelled: the user interrupted, or a preemptive generation was not needed. Empty: it succeeded and brought nothing, which leaves the caller without an answer.',
      unit: perMinute.unit,
      width: 12,
      empty,
      draw: 'stack',
      colours: outcomeColours,
      legend: ['mean'],
      targets: requestOutcomes.map((outcome) => ({
        expr: perMinute.of(q.rate(requests, { where: { outcome } })),
        legend: outcome,
      })),
    }),
    timeseries({
      title: 'LLM requests by model',
      description:
        'Who gets the work? A model whose requests shift to another one is failing, or a deploy changed it.',
      unit: perMinute.unit,
      width: 12,
      empty,
      draw: 'stack',
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [{ expr: perMinute.of(q.rate(requests, model)), legend }],
    }),
    timeseries({
      title: 'LLM: tokens per second, p50 by model',
      description:
        'How fast answers are written once they have begun. Speech needs about 5 per second; below 20 the TTS may have to wait for text.',
      unit: 'suffix:tokens/s',
      width: 12,
      empty,
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [{ expr: q.quantile(0.5, 'lk_agents_llm_tokens_per_second', model), legend }],
    }),
    timeseries({
      title: 'LLM: whole answer, p95 by model',
      description:
        'From the request to its last token, retries included. If this grows and the first token does not, answers have become longer, or the model slower.',
      unit: 's',
      width: 12,
      empty,
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      next: 'cost',
      targets: [{ expr: q.quantile(0.95, 'lk_agents_llm_duration_seconds', model), legend }],
    }),
  ],
});
