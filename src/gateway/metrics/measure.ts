import { catalogue, type MetricName } from '../../catalogue/metrics.ts';
import { type Observation, observation } from '../../catalogue/observation.ts';
import type { MetricsEvent, Model } from '../../session/events.ts';
import { Samples } from '../../session/samples.ts';
import { SessionObserver } from '../../session/session-observer.ts';
import { billableOf, type UsageEntry } from '../decode/session-report.ts';
import { isDuplicateUsage, type UsageReporters, withUsageReporter } from '../decode/span-facts.ts';
import { SpanTree } from '../decode/span-tree.ts';
import { addConversation, messagesOf } from './conversation.ts';
import { addDetectors, addRequests } from './metrics-events.ts';
import { addStates } from './states.ts';
import { addTools } from './tools.ts';
import { EventTimeline, type UploadedSession } from './uploaded-session.ts';

/**
 * Measures a session from its uploads. Its events are reconstructed from spans, conversation and report, and observed as in
 * a job, where the SDK emits them.
 */
export function measure(session: UploadedSession): Observation[] {
  const { report, startedAt, endedAt, ended, closeReason } = session;
  const usage = report?.usage ?? [];
  const observer = new SessionObserver({
    // The report contains all usage; without one, spans contain a part of it.
    usage: report === undefined,
    models: { llm: soleModel(usage, 'llm'), tts: soleModel(usage, 'tts') },
  });
  const tree = new SpanTree(session.spans);
  const timeline = new EventTimeline();
  const messages = messagesOf(session, tree);
  addStates(timeline, tree, messages, startedAt);
  const requests = addRequests(timeline, tree, session);
  addConversation(timeline, tree, messages, session);
  addDetectors(timeline, tree, session);
  addTools(timeline, tree, session);

  const found: Observation[] = [];
  for (const { name, event } of timeline.sorted()) {
    try {
      found.push(...observer.handle(name, event));
    } catch {
      // A newer SDK may send data of another shape.
      found.push(observation('talkgauge_samples_dropped_total', { reason: 'internal_error' }, 1));
    }
  }
  const rest = ended
    ? observer.handle('close', {
        reason: closeReason ?? 'other',
        createdAt: Math.max(startedAt, endedAt),
      })
    : observer.ended();
  const samples = new Samples();
  if (report) {
    const usageReporters = session.spans.reduce<UsageReporters>(withUsageReporter, {});
    reportedUsage(samples, usage, requests, usageReporters);
  }
  if (!ended) samples.add('lk_agents_sessions_total', { close_reason: 'crashed' }, 1);
  // Active sessions are counted during the call.
  const all = [...found, ...rest, ...samples.observations];
  return summed(all.filter(({ metric }) => metric !== 'lk_agents_sessions_active'));
}

/** Whether the caller hung up in the last turn without waiting for an answer, according to these metrics. */
export const isAbandoned = (session: UploadedSession): boolean =>
  measure(session).some(
    ({ metric, labels }) => metric === 'lk_agents_turns_total' && labels.outcome === 'abandoned',
  );

/** Sums the increments of counters: a long session has tens of thousands. */
function summed(observations: readonly Observation[]): Observation[] {
  const counted = new Map<string, Observation>();
  const found: Observation[] = [];
  for (const one of observations) {
    const key = catalogue[one.metric]?.type === 'counter' && JSON.stringify([one.metric, one.labels]);
    const known = key ? counted.get(key) : undefined;
    if (known) {
      known.value += one.value;
      continue;
    }
    const kept = { ...one };
    found.push(kept);
    if (key) counted.set(key, kept);
  }
  return found;
}

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

/** The series of each amount in a report, by kind of model. */
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

/** The requests of detectors are measured elsewhere, too. */
const requestMetrics = {
  interruption: 'lk_agents_interruption_requests_total',
  eot: 'lk_agents_eot_requests_total',
} as const;

const modelOf = ({ provider, model }: UsageEntry): Model => ({ model_provider: provider, model_name: model });

/** The model of a kind that a session used, from its report; undefined if there are several, or none. */
export function soleModel(usage: readonly UsageEntry[], component: 'llm' | 'tts'): Model | undefined {
  const entries = usage.filter((entry) => entry.component === component);
  return entries.length === 1 && entries[0] ? modelOf(entries[0]) : undefined;
}

/** Counts the usage in the report, also usage without a span. @param requests the metrics events that spans contain */
export function reportedUsage(
  samples: Samples,
  usage: readonly UsageEntry[],
  requests: readonly MetricsEvent[],
  usageReporters: UsageReporters,
): void {
  for (const entry of usage) {
    if (isDuplicateUsage(entry, usageReporters)) continue;
    const model = modelOf(entry);
    for (const [amount, metric] of Object.entries(series[entry.component])) {
      samples.count(metric, model, entry.amounts[amount]);
    }
    const requestsMetric =
      entry.component in requestMetrics
        ? requestMetrics[entry.component as keyof typeof requestMetrics]
        : undefined;
    if (requestsMetric) samples.count(requestsMetric, model, entry.amounts.total_requests);
    const component = isRealtime(entry, requests) ? 'realtime' : entry.component;
    for (const [unit, amount] of billableOf(entry)) {
      samples.add('lk_agents_billable_usage_total', { ...model, component, unit }, amount);
    }
  }
}

/** The report counts realtime models among LLMs; they are requests by what only they have. */
function isRealtime(entry: UsageEntry, requests: readonly MetricsEvent[]): boolean {
  if (entry.component !== 'llm') return false;
  const { input_audio_tokens, output_audio_tokens, session_duration } = entry.amounts;
  if (input_audio_tokens || output_audio_tokens || session_duration) return true;
  return requests.some((m) => m.type === 'realtime_model_metrics' && isOf(m, entry));
}

function isOf(m: MetricsEvent, { provider, model }: UsageEntry): boolean {
  const { modelProvider, modelName } = ('metadata' in m ? m.metadata : undefined) ?? {};
  return (modelProvider || 'unknown') === provider && (modelName || 'unknown') === model;
}
