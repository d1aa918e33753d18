import type { BoardContext, Row } from '../panels/board.ts';
import { timeseries } from '../panels/charts.ts';
import { palette } from '../panels/thresholds.ts';

export const noPricedUsageInRange =
  'No priced usage in this time range: no model was used, or none of those that were has a price';

export const costTotal = 'lk_agents_cost_usd_total';

const noTokens = 'No LLM and no realtime model reported tokens in this time range';
const model = { by: ['model_provider', 'model_name'] } as const;

/** Cost by agent, version and model, and on what. */
export function usageRows({ q }: BoardContext): Row[] {
  const perMinute = (expr: string) => `${expr} * 60`;
  const stack = (
    title: string,
    description: string,
    by: Parameters<typeof q.rate<typeof costTotal>>[1],
    legend: string,
  ) =>
    timeseries({
      title,
      description: `Dollars per hour. ${description}`,
      unit: 'currencyUSD',
      width: 12,
      empty: noPricedUsageInRange,
      draw: 'stack',
      legendAt: 'right',
      legend: ['mean'],
      targets: [{ expr: `${q.rate(costTotal, by)} * 3600 > 0`, legend }],
    });
  const input = 'lk_agents_usage_llm_input_tokens_total';
  const cached = 'lk_agents_usage_llm_input_cached_tokens_total';
  return [
    {
      title: 'Cost by agent, version and model',
      panels: [
        stack(
          'Spend by agent',
          'If one grows without more calls, see its cost of a session-minute above.',
          { by: ['agent_name'] },
          '{{agent_name}}',
        ),
        stack(
          'Spend by version',
          'A new version that costs more shows when it takes over the calls of the old one; the table below has the cost of its turns.',
          { by: ['agent_name', 'agent_version'] },
          '{{agent_name}} {{agent_version}}',
        ),
        stack(
          'Spend by provider',
          "Compare it with the providers' bills; where they differ by much, the prices are not yours.",
          { by: ['model_provider'] },
          '{{model_provider}}',
        ),
        stack(
          'Spend by model',
          'Where a cheaper model would save most.',
          { by: ['model_name'] },
          '{{model_name}}',
        ),
      ],
    },
    {
      title: 'Usage',
      panels: [
        timeseries({
          title: 'Tokens',
          description:
            'Tokens per minute of LLMs and realtime models. Cached input is cheap, output is expensive. Input that grows faster than calls: the context is never cut.',
          unit: 'short',
          width: 8,
          empty: noTokens,
          draw: 'stack',
          colours: { input: palette.p95, 'cached input': 'super-light-blue', output: 'purple' },
          targets: [
            { expr: perMinute(`clamp_min(${q.rate(input)} - ${q.rate(cached)}, 0)`), legend: 'input' },
            { expr: perMinute(q.rate(cached)), legend: 'cached input' },
            { expr: perMinute(q.rate('lk_agents_usage_llm_output_tokens_total')), legend: 'output' },
          ],
        }),
        timeseries({
          title: 'Input from the cache by model',
          description:
            'Share of the input tokens that was read from the cache. A drop after a release: the beginning of the prompt changes with each request.',
          unit: 'percentunit',
          max: 1,
          width: 8,
          empty: noTokens,
          legendAt: 'right',
          next: 'releases',
          targets: [{ expr: q.share([cached, model], [input, model]), legend: '{{model_name}}' }],
        }),
        timeseries({
          title: 'Tokens per request by model',
          description:
            'Input and output tokens of an LLM request. A step after a release: a longer prompt or more tools. A slope: longer calls, whose whole history is sent.',
          unit: 'short',
          width: 8,
          empty: 'No LLM request with tokens in this time range',
          legendAt: 'right',
          next: 'models',
          targets: [{ expr: perRequest(q, '$__rate_interval', 'ratio'), legend: '{{model_name}}' }],
        }),
        timeseries({
          title: 'Characters',
          description:
            'Characters per minute that were synthesized, played or not, by model. Interrupted speech is paid for, too.',
          unit: 'short',
          width: 12,
          empty: 'No TTS reported characters in this time range',
          draw: 'stack',
          legendAt: 'right',
          targets: [
            {
              expr: perMinute(q.rate('lk_agents_usage_tts_characters_total', model)),
              legend: '{{model_name}}',
            },
          ],
        }),
        timeseries({
          title: 'Audio',
          description:
            'Minutes of audio per minute of the clock: heard by the STT, and made by the TTS. The STT is paid for as long as it listens, silence included.',
          unit: 'short',
          width: 12,
          empty: 'No STT or TTS reported audio in this time range',
          colours: { 'heard by STT': palette.neutral, 'made by TTS': palette.good },
          targets: [
            {
              expr: q.rate('lk_agents_usage_stt_audio_duration_seconds_total'),
              legend: 'heard by STT',
            },
            {
              expr: q.rate('lk_agents_usage_tts_audio_duration_seconds_total'),
              legend: 'made by TTS',
            },
          ],
        }),
      ],
    },
  ];
}

/** Tokens and requests by model, of models that have both: realtime models report tokens, but no requests to an LLM. */
export function perRequest(
  q: BoardContext['q'],
  window: string,
  what: 'tokens' | 'requests' | 'ratio',
): string {
  const about = { by: ['model_provider', 'model_name'], window } as const;
  const requests = `(${q.increase('lk_agents_llm_requests_total', about)} > 0)`;
  const tokens = `(${q.increase('lk_agents_usage_llm_input_tokens_total', about)} + ${q.increase('lk_agents_usage_llm_output_tokens_total', about)})`;
  if (what === 'ratio') return `${tokens} / ${requests}`;
  return what === 'tokens' ? `${tokens} and ${requests}` : requests;
}
