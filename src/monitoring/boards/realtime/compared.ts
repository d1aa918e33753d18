import { worse } from '../../rules/alerts/regressions.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { requestsThatWere, responsesOf } from '../house/components.ts';
import { table } from '../house/table.ts';
import { againstPast } from '../models/against-past.ts';
import { reusedConnections } from './connections.ts';

/** Realtime models side by side. */
export function compared({ q, objectives }: BoardContext): Row {
  const about = { by: ['model_provider', 'model_name'], window: '$__range' } as const;
  return {
    panels: [
      table({
        title: 'Realtime models compared',
        description:
          'Would another model be better? Red: beyond the objective, or a regression against its own last seven days. Reused: connections. Click a provider to see it alone, a model for what it costs.',
        width: 24,
        height: 6,
        empty: 'No responses of realtime models in this time range',
        keys: [
          { label: 'model_provider', title: 'Provider', link: { board: 'realtime', variable: 'provider' } },
          { label: 'model_name', title: 'Model', link: { board: 'cost', variable: 'model' } },
        ],
        sortBy: 'First audio, p95',
        columns: [
          {
            title: 'Responses',
            width: 100,
            unit: 'locale',
            decimals: 0,
            expr: `${q.increase(responsesOf.requests, about)} > 0`,
          },
          {
            title: 'First audio, p50',
            width: 135,
            unit: 's',
            expr: q.quantile(0.5, 'lk_agents_realtime_ttft_seconds', about),
          },
          {
            title: 'First audio, p95',
            width: 145,
            unit: 's',
            expr: q.quantile(0.95, 'lk_agents_realtime_ttft_seconds', about),
          },
          {
            title: 'p95 to usual',
            width: 110,
            unit: 'suffix:×',
            decimals: 2,
            expr: `sum by (model_provider, model_name) (${againstPast(q, 'realtime')})`,
            limits: { bad: worse.factor },
          },
          {
            title: 'Whole, p95',
            width: 120,
            unit: 's',
            expr: q.quantile(0.95, 'lk_agents_realtime_duration_seconds', about),
          },
          {
            title: 'Tokens/s, p50',
            width: 120,
            unit: 'short',
            decimals: 0,
            expr: q.quantile(0.5, 'lk_agents_realtime_tokens_per_second', about),
          },
          {
            title: 'Failed',
            width: 80,
            unit: 'percentunit',
            decimals: 1,
            expr: requestsThatWere(q, 'error', responsesOf, about),
            limits: { bad: objectives.providerErrorRatio },
          },
          {
            title: 'Cut off',
            width: 80,
            unit: 'percentunit',
            decimals: 1,
            expr: requestsThatWere(q, 'cancelled', responsesOf, about),
          },
          {
            title: 'Reused',
            width: 80,
            unit: 'percentunit',
            decimals: 1,
            expr: reusedConnections(q, about),
          },
        ],
      }),
    ],
  };
}
