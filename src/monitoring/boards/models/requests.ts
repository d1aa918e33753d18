import { requestOutcomes } from '../../../catalogue/labels.ts';
import type { Queries } from '../../promql/queries.ts';
import { worse } from '../../rules/alerts/regressions.ts';
import type { BoardContext, Row } from '../panels/board.ts';
import { timeseries } from '../panels/charts.ts';
import { components, perMinute, relativeToBaseline, requestShare } from '../panels/queries.ts';
import { type Column, type Key, table } from '../panels/table.ts';
import { outcomeColours } from '../panels/thresholds.ts';

const inRange = { by: ['model_provider', 'model_name'], window: '$__range' } as const;

const keys: readonly Key[] = [
  { label: 'model_provider', title: 'Provider', link: { board: 'models', variable: 'provider' } },
  { label: 'model_name', title: 'Model', link: { board: 'latency', variable: 'model' } },
];

/** For two tables side by side. */
const narrowKeys = keys.map((key) => (key.label === 'model_provider' ? { ...key, width: 110 } : key));

const [llm, tts] = components;

/** A model's p95 relative to its baseline. */
const regression = (q: Queries, component: 'llm' | 'tts'): Column => ({
  title: 'p95 to usual',
  unit: 'suffix:×',
  decimals: 2,
  width: 110,
  expr: `sum by (model_provider, model_name) (${relativeToBaseline(q, component)})`,
  limits: { bad: worse.factor },
});

/** LLMs side by side. */
export const llmComparison = ({ q, objectives }: BoardContext): Row => ({
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
          expr: `${q.increase(llm.requests, inRange)} > 0`,
        },
        {
          title: 'First token, p50',
          width: 135,
          unit: 's',
          expr: q.quantile(0.5, 'lk_agents_llm_ttft_seconds', inRange),
        },
        {
          title: 'First token, p95',
          width: 145,
          unit: 's',
          expr: q.quantile(0.95, 'lk_agents_llm_ttft_seconds', inRange),
        },
        regression(q, 'llm'),
        {
          title: 'Tokens/s, p50',
          width: 120,
          unit: 'locale',
          decimals: 0,
          expr: q.quantile(0.5, 'lk_agents_llm_tokens_per_second', inRange),
        },
        {
          title: 'Whole answer, p95',
          width: 150,
          unit: 's',
          expr: q.quantile(0.95, 'lk_agents_llm_duration_seconds', inRange),
        },
        {
          title: 'Failed',
          width: 80,
          unit: 'percentunit',
          decimals: 1,
          expr: requestShare(q, 'error', llm, inRange),
          limits: { bad: objectives.providerErrorRatio },
        },
        {
          title: 'Empty',
          width: 80,
          unit: 'percentunit',
          decimals: 1,
          expr: requestShare(q, 'empty', llm, inRange),
        },
        {
          title: 'Cancelled',
          width: 100,
          unit: 'percentunit',
          decimals: 1,
          expr: requestShare(q, 'cancelled', llm, inRange),
        },
      ],
    }),
  ],
});

/** TTS and STT side by side. */
export const speechComparison = ({ q, objectives }: BoardContext): Row => ({
  panels: [
    table({
      title: 'TTS compared',
      description:
        'Which voice is fast and does not fail? Red: beyond the objective, or a regression against its own last seven days. Click a provider to see it alone.',
      width: 14,
      height: 7,
      empty: 'No TTS requests in this time range',
      keys: narrowKeys,
      sortBy: 'First audio, p95',
      columns: [
        {
          title: 'Requests',
          width: 90,
          unit: 'locale',
          decimals: 0,
          expr: `${q.increase(tts.requests, inRange)} > 0`,
        },
        {
          title: 'First audio, p50',
          width: 130,
          unit: 's',
          expr: q.quantile(0.5, 'lk_agents_tts_ttfb_seconds', inRange),
        },
        {
          title: 'First audio, p95',
          width: 140,
          unit: 's',
          expr: q.quantile(0.95, 'lk_agents_tts_ttfb_seconds', inRange),
        },
        regression(q, 'tts'),
        {
          title: 'Failed',
          width: 80,
          unit: 'percentunit',
          decimals: 1,
          expr: requestShare(q, 'error', tts, inRange),
          limits: { bad: objectives.providerErrorRatio },
        },
      ],
    }),
    table({
      title: 'STT compared',
      description:
        'What each STT heard. Only one that does not stream has requests with a duration; a streaming one reports its usage now and then. A panel below shows by agent how long turns wait for transcripts.',
      width: 10,
      height: 7,
      empty: 'No STT requests in this time range',
      keys: narrowKeys,
      sortBy: 'Audio',
      columns: [
        {
          title: 'Audio',
          width: 90,
          unit: 's',
          expr: `${q.increase('lk_agents_usage_stt_audio_duration_seconds_total', inRange)} > 0`,
        },
        {
          title: 'Reports',
          width: 90,
          unit: 'locale',
          decimals: 0,
          expr: q.increase('lk_agents_stt_requests_total', inRange),
        },
        {
          title: 'Duration, p95',
          width: 120,
          unit: 's',
          expr: q.quantile(0.95, 'lk_agents_stt_duration_seconds', inRange),
        },
      ],
    }),
  ],
});

const model = { by: ['model_provider', 'model_name'] } as const;
const legend = '{{model_provider}} {{model_name}}';
const noLlmRequests = 'No LLM requests in this time range';
const requests = 'lk_agents_llm_requests_total';

/** LLM generation after the first token. */
export const llmRequests = ({ q }: BoardContext): Row => ({
  title: 'LLM requests',
  panels: [
    timeseries({
      title: 'LLM requests by outcome',
      description:
        'Cancelled: the user interrupted, or a preemptive generation was not needed. Empty: it succeeded and brought nothing, which leaves the caller without an answer.',
      unit: perMinute.unit,
      width: 12,
      empty: noLlmRequests,
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
      empty: noLlmRequests,
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
      empty: noLlmRequests,
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
      empty: noLlmRequests,
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      next: 'cost',
      targets: [{ expr: q.quantile(0.95, 'lk_agents_llm_duration_seconds', model), legend }],
    }),
  ],
});

/** TTS and STT requests. */
export const speechRequests = ({ q }: BoardContext): Row => ({
  title: 'TTS and STT requests',
  panels: [
    timeseries({
      title: 'TTS requests by outcome',
      description:
        'Syntheses by how they ended. Cancelled: the user interrupted. Errors and empty ones are silence, or the voice of a fallback.',
      unit: perMinute.unit,
      width: 12,
      empty: 'No TTS requests in this time range',
      draw: 'stack',
      colours: outcomeColours,
      legend: ['mean'],
      targets: requestOutcomes.map((outcome) => ({
        expr: perMinute.of(q.rate('lk_agents_tts_requests_total', { where: { outcome } })),
        legend: outcome,
      })),
    }),
    timeseries({
      title: 'TTS: whole synthesis, p95 by model',
      description:
        'From the request to its last audio. It may take as long as it is played, but not longer: then speech has gaps.',
      unit: 's',
      width: 12,
      empty: 'No TTS requests in this time range',
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [{ expr: q.quantile(0.95, 'lk_agents_tts_duration_seconds', model), legend }],
    }),
    timeseries({
      title: 'STT: wait for the transcript, p95 by agent',
      description:
        "From the end of the user's speech to its final transcript, which every turn waits for. The SDK does not say which STT it is of; compare agents and versions. Filters of provider and model do not apply.",
      unit: 's',
      width: 8,
      empty: 'No turns with a transcript in this time range',
      next: 'turn-taking',
      targets: [
        {
          expr: q.quantile(0.95, 'lk_agents_turn_transcription_delay_seconds', {
            by: ['agent_name', 'agent_version'],
          }),
          legend: '{{agent_name}} {{agent_version}}',
        },
      ],
    }),
    timeseries({
      title: 'STT: duration, p95 by model',
      description: 'Time that requests of an STT took that does not stream: the turn waits for all of it.',
      unit: 's',
      width: 8,
      empty: 'No STT without streaming; a streaming one has no duration',
      targets: [{ expr: q.quantile(0.95, 'lk_agents_stt_duration_seconds', model), legend }],
    }),
    timeseries({
      title: 'STT reports by model',
      description:
        'Requests of an STT that does not stream, and reports of usage of one that does. If they stop while there are sessions, the agent hears nothing.',
      unit: perMinute.unit,
      width: 8,
      empty: 'No STT requests in this time range',
      draw: 'stack',
      targets: [{ expr: perMinute.of(q.rate('lk_agents_stt_requests_total', model)), legend }],
    }),
  ],
});
