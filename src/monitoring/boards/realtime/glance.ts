import type { BoardContext, Row } from '../house/board.ts';
import { requestsThatWere, responsesOf } from '../house/components.ts';
import { percent } from '../house/percent.ts';
import { stat } from '../house/stat.ts';
import { reusedConnections } from './connections.ts';

const empty = 'No responses of realtime models';

/** How fast, how reliable. */
export function glance({ q, objectives }: BoardContext): Row {
  const about = { window: '$__range' } as const;
  return {
    panels: [
      stat({
        title: 'First audio, p95',
        description:
          'Time to the first audio token of a response; 95 % were faster. Callers wait for it, and for the end of turn before it, which the model decides itself.',
        unit: 's',
        width: 4,
        empty,
        targets: [{ expr: q.quantile(0.95, 'lk_agents_realtime_ttft_seconds', about), as: 'instant' }],
      }),
      stat({
        title: 'First audio, p50',
        description: 'Time to the first audio token of a response; half of them were faster.',
        unit: 's',
        width: 4,
        empty,
        targets: [{ expr: q.quantile(0.5, 'lk_agents_realtime_ttft_seconds', about), as: 'instant' }],
      }),
      stat({
        title: 'Failed',
        description: `Share of the responses that failed for good; red from ${percent(objectives.providerErrorRatio)} on. Look at the errors below and at the provider's status page.`,
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty,
        limits: { bad: objectives.providerErrorRatio },
        targets: [{ expr: requestsThatWere(q, 'error', responsesOf, about), as: 'instant' }],
      }),
      stat({
        title: 'Cut off',
        description:
          'Share of the responses that were cancelled, mostly because the user interrupted. What a model has said too much is paid for all the same.',
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty,
        next: 'turn-taking',
        targets: [{ expr: requestsThatWere(q, 'cancelled', responsesOf, about), as: 'instant' }],
      }),
      stat({
        title: 'Connections reused',
        description:
          'Share of the responses that went over a connection that was open already. The others had to open one first: once a session is normal, more of it is connections that break.',
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: 'No connections to realtime models',
        targets: [{ expr: reusedConnections(q, about), as: 'instant' }],
      }),
      stat({
        title: 'Responses',
        description: 'Responses of realtime models in the time range, however they ended.',
        unit: 'locale',
        width: 4,
        decimals: 0,
        empty,
        targets: [{ expr: `${q.increase(responsesOf.requests, about)} > 0`, as: 'instant' }],
      }),
    ],
  };
}
