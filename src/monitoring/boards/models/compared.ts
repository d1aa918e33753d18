import type { Queries } from '../../promql/queries.ts';
import { worse } from '../../rules/alerts/regressions.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { components, requestsThatWere } from '../house/components.ts';
import { type Column, type Key, table } from '../house/table.ts';
import { againstPast } from './against-past.ts';

const about = { by: ['model_provider', 'model_name'], window: '$__range' } as const;

const keys: readonly Key[] = [
  { label: 'model_provider', title: 'Provider', link: { board: 'models', variable: 'provider' } },
  { label: 'model_name', title: 'Model', link: { board: 'latency', variable: 'model' } },
];

/** For two tables side by side. */
const narrow = keys.map((key) => (key.label === 'model_provider' ? { ...key, width: 110 } : key));

const [llm, tts] = components;

/** What a model's p95 is of what it used to be. */
const regression = (q: Queries, component: 'llm' | 'tts'): Column => ({
  title: 'p95 to usual',
  unit: 'suffix:×',
  decimals: 2,
  width: 110,
  expr: `sum by (model_provider, model_name) (${againstPast(q, component)})`,
  limits: { bad: worse.factor },
});

/** LLMs side by side. */
export const llmCompared = ({ q, objectives }: BoardContext): Row => ({
  title: 'Compared',
  panels: [
    table({
      title: 'LLMs compared',
      description:
        'Would another model be better? Compare those that the same agents use: prompts differ. Red: beyond the objective, or a regression against its own last seven days. Click a provider to see it alone, a model to see its turns.',
      width: 24,
      empty: 'No LLM requests in this time range',
      keys,
      sortBy: 'First token, p95',
      columns: [
        {
          title: 'Requests',
          width: 100,
          unit: 'locale',
          decimals: 0,
          expr: `${q.increase(llm.requests, about)} > 0`,
        },
        {
          title: 'First token, p50',
          width: 135,
          unit: 's',
          expr: q.quantile(0.5, 'lk_agents_llm_ttft_seconds', about),
        },
        {
          title: 'First token, p95',
          width: 145,
          unit: 's',
          expr: q.quantile(0.95, 'lk_agents_llm_ttft_seconds', about),
        },
        regression(q, 'llm'),
        {
          title: 'Tokens/s, p50',
          width: 120,
          unit: 'locale',
          decimals: 0,
          expr: q.quantile(0.5, 'lk_agents_llm_tokens_per_second', about),
        },
        {
          title: 'Whole answer, p95',
          width: 150,
          unit: 's',
          expr: q.quantile(0.95, 'lk_agents_llm_duration_seconds', about),
        },
        {
          title: 'Failed',
          width: 80,
          unit: 'percentunit',
          decimals: 1,
          expr: requestsThatWere(q, 'error', llm, about),
          limits: { bad: objectives.providerErrorRatio },
        },
        {
          title: 'Empty',
          width: 80,
          unit: 'percentunit',
          decimals: 1,
          expr: requestsThatWere(q, 'empty', llm, about),
        },
        {
          title: 'Cancelled',
          width: 100,
          unit: 'percentunit',
          decimals: 1,
          expr: requestsThatWere(q, 'cancelled', llm, about),
        },
      ],
    }),
  ],
});

/** TTS and STT side by side. */
export const speechCompared = ({ q, objectives }: BoardContext): Row => ({
  panels: [
    table({
      title: 'TTS compared',
      description:
        'Which voice is fast and does not fail? Red: beyond the objective, or a regression against its own last seven days. Click a provider to see it alone.',
      width: 14,
      height: 7,
      empty: 'No TTS requests in this time range',
      keys: narrow,
      sortBy: 'First audio, p95',
      columns: [
        {
          title: 'Requests',
          width: 90,
          unit: 'locale',
          decimals: 0,
          expr: `${q.increase(tts.requests, about)} > 0`,
        },
        {
          title: 'First audio, p50',
          width: 130,
          unit: 's',
          expr: q.quantile(0.5, 'lk_agents_tts_ttfb_seconds', about),
        },
        {
          title: 'First audio, p95',
          width: 140,
          unit: 's',
          expr: q.quantile(0.95, 'lk_agents_tts_ttfb_seconds', about),
        },
        regression(q, 'tts'),
        {
          title: 'Failed',
          width: 80,
          unit: 'percentunit',
          decimals: 1,
          expr: requestsThatWere(q, 'error', tts, about),
          limits: { bad: objectives.providerErrorRatio },
        },
      ],
    }),
    table({
      title: 'STT compared',
      description:
        'What each STT heard. Only one that does not stream has requests with a duration; a streaming one reports its usage now and then. How long turns wait for transcripts is told by agent, below.',
      width: 10,
      height: 7,
      empty: 'No STT requests in this time range',
      keys: narrow,
      sortBy: 'Audio',
      columns: [
        {
          title: 'Audio',
          width: 90,
          unit: 's',
          expr: `${q.increase('lk_agents_usage_stt_audio_duration_seconds_total', about)} > 0`,
        },
        {
          title: 'Reports',
          width: 90,
          unit: 'locale',
          decimals: 0,
          expr: q.increase('lk_agents_stt_requests_total', about),
        },
        {
          title: 'Duration, p95',
          width: 120,
          unit: 's',
          expr: q.quantile(0.95, 'lk_agents_stt_duration_seconds', about),
        },
      ],
    }),
  ],
});
