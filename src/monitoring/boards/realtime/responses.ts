import { requestOutcomes } from '../../../catalogue/labels.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { requestsThatWere, responsesOf } from '../house/components.ts';
import { outcomeColours, palette } from '../house/palette.ts';
import { perMinute } from '../house/per-minute.ts';
import { percent } from '../house/percent.ts';
import { timeseries } from '../house/timeseries.ts';

const model = { by: ['model_provider', 'model_name'] } as const;
const legend = '{{model_provider}} {{model_name}}';
const empty = 'No responses of realtime models in this time range';

/** How responses end, and how fast they come. */
export const responses = ({ q, objectives }: BoardContext): Row => ({
  title: 'Responses',
  panels: [
    timeseries({
      title: 'Responses by outcome',
      description:
        'Cancelled: the user interrupted. Empty: the response succeeded and brought nothing. Errors: the model failed for good.',
      unit: perMinute.unit,
      width: 8,
      empty,
      draw: 'stack',
      colours: outcomeColours,
      legend: ['mean'],
      targets: requestOutcomes.map((outcome) => ({
        expr: perMinute.of(q.rate(responsesOf.requests, { where: { outcome } })),
        legend: outcome,
      })),
    }),
    timeseries({
      title: 'Failed responses by model',
      description: `Share of the responses that failed for good. The dashed line is the objective, ${percent(objectives.providerErrorRatio)}. A realtime model has no fallback: its callers got no answer.`,
      unit: 'percentunit',
      width: 8,
      empty,
      limit: objectives.providerErrorRatio,
      legend: ['mean'],
      targets: [{ expr: requestsThatWere(q, 'error', responsesOf, model), legend }],
    }),
    timeseries({
      title: 'Errors of realtime models',
      description:
        'Errors that sessions reported. Tried again: the SDK went on, mostly by connecting anew. Given up: the session could not go on.',
      unit: perMinute.unit,
      width: 8,
      reach: 1,
      empty: 'No errors of realtime models in this time range',
      next: 'sessions',
      colours: { 'tried again': palette.warning, 'given up': palette.bad },
      legend: ['mean'],
      targets: (
        [
          ['true', 'tried again'],
          ['false', 'given up'],
        ] as const
      ).map(([recoverable, name]) => ({
        expr: perMinute.of(
          q.rate('lk_agents_errors_total', { where: { component: 'realtime', recoverable } }),
        ),
        legend: name,
      })),
    }),
    timeseries({
      title: 'Whole response, p95 by model',
      description:
        'From the creation of a response to its completion. A model writes faster than it is played; if it does not, its speech has gaps.',
      unit: 's',
      width: 12,
      empty,
      legend: ['mean'],
      targets: [{ expr: q.quantile(0.95, 'lk_agents_realtime_duration_seconds', model), legend }],
    }),
    timeseries({
      title: 'Tokens per second, p50 by model',
      description:
        'How fast responses come once they have begun, audio and text together. Compare a model with itself: providers count audio tokens differently.',
      unit: 'suffix:tokens/s',
      width: 12,
      empty,
      legend: ['mean'],
      targets: [{ expr: q.quantile(0.5, 'lk_agents_realtime_tokens_per_second', model), legend }],
    }),
  ],
});
