import type { Queries } from '../../promql/queries.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { palette } from '../house/palette.ts';
import { perMinute } from '../house/per-minute.ts';
import { timeseries } from '../house/timeseries.ts';

const acquire = 'lk_agents_connection_acquire_seconds';
const empty = 'No connections to realtime models in this time range';

/** The share of responses that found a connection open. */
export function reusedConnections(
  q: Queries,
  about: { by?: readonly ('model_provider' | 'model_name')[]; window?: string } = {},
): string {
  const all = q.countRate(acquire, about);
  return `(${q.countRate(acquire, { ...about, where: { reused: 'true' } })} or 0 * ${all}) / (${all} > 0)`;
}

/** Whether connections to realtime models are quick to get, and hold. */
export const connections = ({ q }: BoardContext): Row => ({
  title: 'Connections',
  panels: [
    timeseries({
      title: 'Getting a connection, p95',
      description:
        'Time until a response has its connection. A new one is paid by the first answer of a call; if it is slow, open it before the call, or choose a region that is nearer.',
      unit: 's',
      width: 8,
      empty,
      colours: { new: palette.warning, reused: palette.good },
      legend: ['mean'],
      targets: [
        { expr: q.quantile(0.95, acquire, { where: { reused: 'false' } }), legend: 'new' },
        { expr: q.quantile(0.95, acquire, { where: { reused: 'true' } }), legend: 'reused' },
      ],
    }),
    timeseries({
      title: 'Connections by whether they were new',
      description:
        'A new one for each session is normal. More new ones than sessions: connections break, or run into the limit of the provider on how long one may last.',
      unit: perMinute.unit,
      width: 8,
      empty,
      draw: 'stack',
      colours: { new: palette.warning, reused: palette.good },
      legend: ['mean'],
      targets: [
        { expr: perMinute.of(q.countRate(acquire, { where: { reused: 'false' } })), legend: 'new' },
        { expr: perMinute.of(q.countRate(acquire, { where: { reused: 'true' } })), legend: 'reused' },
      ],
    }),
    timeseries({
      title: 'Billed connections',
      description:
        'Connection time per second, which is how many connections were open on average; of models that bill by it. It is told when a connection ends, so long ones show as peaks.',
      unit: 'short',
      width: 8,
      empty: 'No model that bills by connection time in this time range',
      next: 'cost',
      targets: [
        {
          expr: q.rate('lk_agents_usage_llm_session_duration_seconds_total', {
            by: ['model_provider', 'model_name'],
          }),
          legend: '{{model_provider}} {{model_name}}',
        },
      ],
    }),
  ],
});
