import { worse } from '../../rules/alerts/regressions.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { components, requestsThatWere } from '../house/components.ts';
import { percent } from '../house/percent.ts';
import { stat } from '../house/stat.ts';
import { againstPast } from './against-past.ts';
import { bySecondProvider } from './fallbacks.ts';

/** Who fails most, who is slower than usual, and how fast models are. */
export function glance({ q, objectives }: BoardContext): Row {
  const window = '$__range';
  return {
    panels: [
      stat({
        title: 'Most errors',
        description: `The providers with the greatest share of failed requests; red from ${percent(objectives.providerErrorRatio)} on. If one stays red, switch to another provider or give the agent a fallback.`,
        unit: 'percentunit',
        width: 6,
        decimals: 1,
        empty: 'No requests in this time range',
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
          legend: `${component} {{model_name}}`,
          as: 'instant',
        })),
      }),
      stat({
        title: 'LLM: first token, p95',
        description:
          'Time to the first token of all LLM requests; 95 % were faster. Every turn waits for it, and a turn with tools at least twice.',
        unit: 's',
        width: 4,
        empty: 'No LLM requests in this time range',
        next: 'latency',
        targets: [{ expr: q.quantile(0.95, 'lk_agents_llm_ttft_seconds', { window }), as: 'instant' }],
      }),
      stat({
        title: 'TTS: first audio, p95',
        description: 'Time to the first audio of all syntheses; 95 % were faster. Every turn waits for it.',
        unit: 's',
        width: 4,
        empty: 'No TTS requests in this time range',
        next: 'latency',
        targets: [{ expr: q.quantile(0.95, 'lk_agents_tts_ttfb_seconds', { window }), as: 'instant' }],
      }),
      stat({
        title: 'By a second provider',
        description:
          "Share of the requests that another provider than the version's main one served: what fallbacks do. Whichever filters are set, all providers of the agents are meant.",
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: 'No requests in this time range',
        text: 'value_and_name',
        targets: [
          { expr: bySecondProvider(q, 'lk_agents_llm_requests_total', window), legend: 'LLM', as: 'instant' },
          { expr: bySecondProvider(q, 'lk_agents_tts_requests_total', window), legend: 'TTS', as: 'instant' },
        ],
      }),
    ],
  };
}
