import { worse } from '../../rules/alerts/regressions.ts';
import type { BoardContext } from '../house/board.ts';
import { components, requestsThatWere } from '../house/components.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { percent } from '../house/percent.ts';
import { timeseries } from '../house/timeseries.ts';
import { againstPast, noPast } from './against-past.ts';

/** Requests that failed. */
export const errors = ({ q, objectives }: BoardContext): PanelBuilder[] => [
  timeseries({
    title: 'Failed requests by provider',
    description: `Share of a provider's requests that failed for good, retries included. The dashed line is the objective, ${percent(objectives.providerErrorRatio)}; an STT's requests have no outcome, see "Given up". Look at the provider's status page, and whether a fallback takes over.`,
    unit: 'percentunit',
    width: 12,
    empty: 'No requests in this time range',
    limit: objectives.providerErrorRatio,
    next: 'sessions',
    legend: ['mean', 'lastNotNull'],
    legendAt: 'right',
    sorted: true,
    targets: components.map((each) => ({
      expr: requestsThatWere(q, 'error', each, { by: ['model_provider'] }),
      legend: `${each.component} {{model_provider}}`,
    })),
  }),
];

/** Latencies that are not what they used to be. */
export const againstItsPast = ({ q }: BoardContext): PanelBuilder[] => [
  timeseries({
    title: 'Latency against the last seven days',
    description: `The p95 of the last half hour over its median of seven days: 1 × is as usual. Above the dashed line, ${worse.factor} ×, it is a regression: the provider's, or of a prompt that has grown. STT is told by agent, for the SDK does not say which STT a delay is of.`,
    unit: 'suffix:×',
    width: 12,
    empty: noPast,
    limit: worse.factor,
    reach: 1.5,
    legend: ['lastNotNull'],
    legendAt: 'right',
    sorted: true,
    targets: [
      { expr: againstPast(q, 'llm'), legend: 'llm {{model_provider}} {{model_name}}' },
      { expr: againstPast(q, 'tts'), legend: 'tts {{model_provider}} {{model_name}}' },
      { expr: againstPast(q, 'realtime'), legend: 'realtime {{model_provider}} {{model_name}}' },
      { expr: againstPast(q, 'stt'), legend: 'stt of {{agent_name}}' },
    ],
  }),
];
