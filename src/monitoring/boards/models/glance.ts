import { worse } from '../../rules/alerts/regressions.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { components, requestsThatWere } from '../house/components.ts';
import { percent } from '../house/percent.ts';
import { stat } from '../house/stat.ts';
import { againstPast } from './against-past.ts';
import { bySecondProvider } from './fallbacks.ts';

/** Short enough to show an outage that has just begun, long enough for a share of a quiet provider's requests. */
const now = '15m';

/** Who fails most, who is slower than usual, and how fast models are. */
export function glance({ q, objectives }: BoardContext): Row {
  const window = now;
  return {
    panels: [
      stat({
        title: 'Most errors now',
        description: `The providers with the greatest share of failed requests in the last 15 minutes; red from ${percent(objectives.providerErrorRatio)} on. If one stays red, switch to another provider or give the agent a fallback.`,
        unit: 'percentunit',
        width: 6,
        decimals: 1,
        empty: 'No requests in 15 min',
        limits: { bad: objectives.providerErrorRatio },
        text: 'value_and_name',
        targets: components.map((each) => ({
          expr: `topk(1, ${requestsThatWere(q, 'error', each, { by: ['model_provider'], window })})`,
          legend: `${each.component} {{model_provider}}`,
          as: 'instant',
        })),
      }),
      stat({
        title: 'Furthest above its past',
        description: `The models whose p95 of the last half hour is furthest above its median of seven days: 1 × is as usual, from ${worse.factor} × on it is a regression. It needs the recording rules, six hours of past, and 20 requests in half an hour.`,
        unit: 'suffix:×',
        width: 6,
        decimals: 2,
        empty: 'No past yet',
        limits: { warning: 1 + (worse.factor - 1) / 2, bad: worse.factor },
        text: 'value_and_name',
        targets: components.map(({ component }) => ({
          expr: `topk(1, ${againstPast(q, component)})`,
          legend: '{{model_name}}',
          as: 'instant',
        })),
      }),
      stat({
        title: 'LLM: first token now',
        description:
          'p95 of the time to the first token over the LLM requests of the last 15 minutes. Every turn waits for it, and a turn with tools at least twice.',
        unit: 's',
        width: 4,
        empty: 'No LLM requests in 15 min',
        next: 'latency',
        targets: [{ expr: q.quantile(0.95, 'lk_agents_llm_ttft_seconds', { window }), as: 'instant' }],
      }),
      stat({
        title: 'TTS: first audio now',
        description:
          'p95 of the time to the first audio over the syntheses of the last 15 minutes. Every turn waits for it.',
        unit: 's',
        width: 4,
        empty: 'No TTS requests in 15 min',
        next: 'latency',
        targets: [{ expr: q.quantile(0.95, 'lk_agents_tts_ttfb_seconds', { window }), as: 'instant' }],
      }),
      stat({
        title: 'Served by fallbacks',
        description:
          "Share of the requests of the last 15 minutes that another provider than the version's main one served: what fallbacks do. Whichever filters are set, all providers of the agents are meant.",
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: 'No requests in 15 min',
        text: 'value_and_name',
        targets: [
          { expr: bySecondProvider(q, 'lk_agents_llm_requests_total', window), legend: 'LLM', as: 'instant' },
          { expr: bySecondProvider(q, 'lk_agents_tts_requests_total', window), legend: 'TTS', as: 'instant' },
        ],
      }),
    ],
  };
}
