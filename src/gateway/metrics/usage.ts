import type { MetricName } from '../../catalogue/metrics.ts';
import type { Model } from '../../session/events.ts';
import type { Samples } from '../../session/samples.ts';
import { billableOf, type UsageEntry } from '../decode/session-report.ts';
import { isRepetition, type Tellers } from '../decode/tellers.ts';
import type { SdkMetrics } from './metrics-json.ts';

type UsageMetric = Extract<MetricName, `lk_agents_usage_${string}`>;

const llm = {
  input_tokens: 'lk_agents_usage_llm_input_tokens_total',
  input_cached_tokens: 'lk_agents_usage_llm_input_cached_tokens_total',
  input_cache_creation_tokens: 'lk_agents_usage_llm_cache_creation_tokens_total',
  input_text_tokens: 'lk_agents_usage_llm_input_text_tokens_total',
  input_audio_tokens: 'lk_agents_usage_llm_input_audio_tokens_total',
  input_image_tokens: 'lk_agents_usage_llm_input_image_tokens_total',
  input_cached_text_tokens: 'lk_agents_usage_llm_input_cached_text_tokens_total',
  input_cached_audio_tokens: 'lk_agents_usage_llm_input_cached_audio_tokens_total',
  input_cached_image_tokens: 'lk_agents_usage_llm_input_cached_image_tokens_total',
  output_tokens: 'lk_agents_usage_llm_output_tokens_total',
  output_text_tokens: 'lk_agents_usage_llm_output_text_tokens_total',
  output_audio_tokens: 'lk_agents_usage_llm_output_audio_tokens_total',
  session_duration: 'lk_agents_usage_llm_session_duration_seconds_total',
} as const;

/** The series of each amount that a report tells, by its kind of model. */
const series: Readonly<Record<UsageEntry['component'], Readonly<Record<string, UsageMetric>>>> = {
  llm,
  tts: {
    characters_count: 'lk_agents_usage_tts_characters_total',
    audio_duration: 'lk_agents_usage_tts_audio_duration_seconds_total',
    input_tokens: 'lk_agents_usage_tts_input_tokens_total',
    output_tokens: 'lk_agents_usage_tts_output_tokens_total',
  },
  stt: {
    audio_duration: 'lk_agents_usage_stt_audio_duration_seconds_total',
    input_tokens: 'lk_agents_usage_stt_input_tokens_total',
    output_tokens: 'lk_agents_usage_stt_output_tokens_total',
  },
  interruption: { total_requests: 'lk_agents_usage_interruption_num_requests_total' },
  eot: { total_requests: 'lk_agents_usage_eot_num_requests_total' },
};

/** Detectors' requests are no usage only. */
const asked = {
  interruption: 'lk_agents_interruption_requests_total',
  eot: 'lk_agents_eot_requests_total',
} as const;

const modelOf = ({ provider, model }: UsageEntry): Model => ({ model_provider: provider, model_name: model });

/** The models that a session used, as its report tells; undefined where there are several of a kind, or none. */
export function soleModel(usage: readonly UsageEntry[], component: 'llm' | 'tts'): Model | undefined {
  const entries = usage.filter((entry) => entry.component === component);
  return entries.length === 1 && entries[0] ? modelOf(entries[0]) : undefined;
}

/** Counts what the report says was used: all of it, also what no span tells. @param told the metrics events that spans tell */
export function reportedUsage(
  samples: Samples,
  usage: readonly UsageEntry[],
  told: readonly SdkMetrics[],
  tellers: Tellers,
): void {
  for (const entry of usage) {
    if (isRepetition(entry, tellers)) continue;
    const model = modelOf(entry);
    for (const [amount, metric] of Object.entries(series[entry.component])) {
      samples.count(metric, model, entry.amounts[amount]);
    }
    const requests = entry.component in asked ? asked[entry.component as keyof typeof asked] : undefined;
    if (requests) samples.count(requests, model, entry.amounts.total_requests);
    const component = isRealtime(entry, told) ? 'realtime' : entry.component;
    for (const [unit, amount] of billableOf(entry)) {
      samples.add('lk_agents_billable_usage_total', { ...model, component, unit }, amount);
    }
  }
}

/** The report counts realtime models among LLMs; they are told by what only they have. */
function isRealtime(entry: UsageEntry, told: readonly SdkMetrics[]): boolean {
  if (entry.component !== 'llm') return false;
  const { input_audio_tokens, output_audio_tokens, session_duration } = entry.amounts;
  if (input_audio_tokens || output_audio_tokens || session_duration) return true;
  return told.some((m) => m.type === 'realtime_model_metrics' && isOf(m, entry));
}

function isOf(m: SdkMetrics, { provider, model }: UsageEntry): boolean {
  const { modelProvider, modelName } = ('metadata' in m ? m.metadata : undefined) ?? {};
  return (modelProvider || 'unknown') === provider && (modelName || 'unknown') === model;
}
