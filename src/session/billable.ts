import type { metrics } from '@livekit/agents';
import type { BillableUnit } from '../catalogue/labels.ts';
import type { Labels } from '../catalogue/metrics.ts';
import { amountOf, splitInput, splitOutput, type TakeUsage } from '../pricing/token-split.ts';
import { modelOf } from './model.ts';
import { fromMs, type Samples } from './samples.ts';
import type { Handlers } from './usage.ts';

type Component = Labels<'lk_agents_billable_usage_total'>['component'];

/** Counts amounts of a model's usage. What cannot be true was refused and counted where usage was read. */
function counting(
  samples: Samples,
  component: Component,
  metadata: metrics.MetricsMetadata | undefined,
): TakeUsage {
  const { model_provider, model_name } = modelOf(metadata);
  return (unit, amount) =>
    samples.add('lk_agents_billable_usage_total', { model_provider, model_name, component, unit }, amount);
}

function takeIfAny(take: TakeUsage, unit: BillableUnit, value: number | undefined): void {
  const amount = amountOf(value);
  if (amount > 0) take(unit, amount);
}

/** Audio counts for models that bill it, and once more where a plugin tells no tokens for models that bill those. */
function audio(take: TakeUsage, ms: number, tokens: number): void {
  const seconds = fromMs(ms);
  takeIfAny(take, 'audio_seconds', seconds);
  if (tokens === 0) takeIfAny(take, 'audio_seconds_without_tokens', seconds);
}

const nothing = () => {};

const handlers: Handlers = {
  llm_metrics(samples, m) {
    const take = counting(samples, 'llm', m.metadata);
    splitInput(
      { total: m.promptTokens, cached: m.promptCachedTokens, cacheWritten: m.cacheCreationTokens },
      take,
    );
    splitOutput({ total: m.completionTokens }, take);
  },
  realtime_model_metrics(samples, m) {
    const take = counting(samples, 'realtime', m.metadata);
    const input = m.inputTokenDetails;
    const cached = input?.cachedTokensDetails;
    const output = m.outputTokenDetails;
    splitInput(
      {
        total: m.inputTokens,
        cached: input?.cachedTokens,
        audio: input?.audioTokens,
        image: input?.imageTokens,
        cachedAudio: cached?.audioTokens,
        cachedImage: cached?.imageTokens,
      },
      take,
    );
    splitOutput({ total: m.outputTokens, audio: output?.audioTokens, image: output?.imageTokens }, take);
    takeIfAny(take, 'session_seconds', fromMs(m.sessionDurationMs));
  },
  tts_metrics(samples, m) {
    const take = counting(samples, 'tts', m.metadata);
    takeIfAny(take, 'characters', m.charactersCount);
    takeIfAny(take, 'input_tokens', m.inputTokens);
    takeIfAny(take, 'output_audio_tokens', m.outputTokens);
    audio(take, m.audioDurationMs, amountOf(m.inputTokens) + amountOf(m.outputTokens));
  },
  stt_metrics(samples, m) {
    const take = counting(samples, 'stt', m.metadata);
    takeIfAny(take, 'input_audio_tokens', m.inputTokens);
    takeIfAny(take, 'output_tokens', m.outputTokens);
    audio(take, m.audioDurationMs, amountOf(m.inputTokens) + amountOf(m.outputTokens));
  },
  interruption_metrics(samples, m) {
    takeIfAny(counting(samples, 'interruption', m.metadata), 'requests', m.numRequests);
  },
  eot_inference_metrics(samples, m) {
    takeIfAny(counting(samples, 'eot', m.metadata), 'requests', m.numRequests);
  },
  vad_metrics: nothing,
  eou_metrics: nothing,
  avatar_metrics: nothing,
};

/** Counts what a metrics event says of usage in the units in which it may be billed. */
export function billable(samples: Samples, m: metrics.AgentMetrics): void {
  if (!Object.hasOwn(handlers, m.type)) return;
  (handlers[m.type] as (samples: Samples, m: metrics.AgentMetrics) => void)(samples, m);
}
