import type { BoardContext, Row } from '../house/board.ts';
import { heatmap } from '../house/heatmap.ts';
import { percent } from '../house/percent.ts';
import { percentileColours, percentiles } from '../house/percentiles.ts';
import { timeseries } from '../house/timeseries.ts';
import { silenceAfterUser } from './shares.ts';

const silence = 'lk_agents_dead_air_seconds';
const empty = 'No silences in this time range';

/** Stretches in which nobody spoke. */
export const deadAir = ({ q, objectives }: BoardContext): Row => ({
  title: 'Dead air',
  panels: [
    timeseries({
      title: `Silences over ${objectives.deadAir} s after the user, by agent`,
      description: `Share of the silences after the user spoke that are dead air: callers ask "are you there?". The dashed line is the objective, ${percent(objectives.deadAirRatio)}. It includes turns whose latency the SDK does not measure.`,
      unit: 'percentunit',
      width: 12,
      empty,
      limit: objectives.deadAirRatio,
      next: 'latency',
      targets: [{ expr: silenceAfterUser(q, objectives, { by: ['agent_name'] }), legend: '{{agent_name}}' }],
    }),
    heatmap({
      title: 'How long silences after the user are',
      description:
        'How many silences per second fell between two bounds: what the caller hears while the agent gets its answer ready. A band that moves up is an agent that slows down; a second one may be turns with tools.',
      unit: 's',
      width: 12,
      height: 8,
      empty,
      next: 'tools',
      targets: [{ expr: q.buckets(silence, { where: { after: 'user' } }), legend: '{{le}}', as: 'heatmap' }],
    }),
    timeseries({
      title: 'Silence after the user',
      description:
        'How long it is silent when the user has spoken: the agent is to answer. It holds for realtime models, too, whose turns have no measured latency.',
      unit: 's',
      width: 12,
      empty,
      colours: percentileColours,
      legend: ['mean'],
      limit: objectives.deadAir,
      next: 'latency',
      targets: percentiles(q, silence, { where: { after: 'user' } }),
    }),
    timeseries({
      title: 'Silence after the agent',
      description:
        'How long it is silent when the agent has spoken: the user is to answer. Longer ones tell of questions that are not understood, or of users that wait because they do not know it is their turn.',
      unit: 's',
      width: 12,
      empty,
      colours: percentileColours,
      legend: ['mean'],
      targets: percentiles(q, silence, { where: { after: 'agent' } }),
    }),
  ],
});
