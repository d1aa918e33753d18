import { type MetricsEvent, type MetricsEventOf, type Model, modelOf } from './events.ts';
import type { RequestOutcomes, RequestResult } from './request-outcomes.ts';
import { amountGuard, delayGuard, elapsed, requestGuard, rounded, type Samples } from './samples.ts';

/** A handler for each type of metrics event. */
export type Handlers = {
  [T in MetricsEvent['type']]: (samples: Samples, m: MetricsEventOf<T>, outcomes: RequestOutcomes) => void;
};

/** A rate of 0 tokens per second says that no tokens were counted. */
const rate = { ...amountGuard, zeroIsMissing: true };
/** A delay of 0 says that nothing was detected. */
const detection = { ...delayGuard, zeroIsMissing: true };
/** The detectors report 0 where no request was made. */
const inference = { ...requestGuard, zeroIsMissing: true };

/** The result of an LLM or TTS request. Its metrics have the timestamp of the end of the request. */
const endedAt = (
  { label, cancelled, timestamp, duration }: MetricsEventOf<'llm_metrics' | 'tts_metrics'>,
  model: Model,
  empty: boolean,
): RequestResult => ({
  label,
  model,
  cancelled,
  empty,
  startedAt: rounded(timestamp - number(duration)),
  endedAt: timestamp,
});
/** The result of a realtime response. Its metrics have the timestamp of the start. */
const startedAt = (
  { label, cancelled, timestamp, duration }: MetricsEventOf<'realtime_model_metrics'>,
  model: Model,
  empty: boolean,
): RequestResult => ({
  label,
  model,
  cancelled,
  empty,
  startedAt: timestamp,
  endedAt: rounded(timestamp + number(duration)),
});

/** NaN for a value that is not a number: arithmetic with an object may throw. */
const number = (value: number): number => (typeof value === 'number' ? value : Number.NaN);

const yes = (value: unknown) => (value ? 'true' : 'false');

/** Records each type of metrics event, except for usage. A new type in the SDK does not compile until it has a handler. */
const handlers: Handlers = {
  llm_metrics(samples, m, outcomes) {
    const model = modelOf(m.metadata);
    const ended = outcomes.of('llm', endedAt(m, model, number(m.ttft) < 0));
    // A model behind a fallback adapter fails without an error event and without a request id.
    const outcome = ended === 'empty' && !m.requestId ? 'error' : ended;
    samples.add('lk_agents_llm_requests_total', { ...model, outcome }, 1);
    samples.measure('lk_agents_llm_ttft_seconds', model, m.ttft, requestGuard);
    // The duration of a cancelled or failed request says nothing about the speed of the model.
    if (outcome === 'cancelled' || outcome === 'error') return;
    samples.measure('lk_agents_llm_duration_seconds', model, m.duration, requestGuard);
    samples.measure('lk_agents_llm_tokens_per_second', model, m.tokensPerSecond, rate);
  },
  stt_metrics(samples, m) {
    const model = modelOf(m.metadata);
    samples.add('lk_agents_stt_requests_total', { ...model, streamed: yes(m.streamed) }, 1);
    // Streaming STT always reports 0.
    if (!m.streamed) {
      samples.measure('lk_agents_stt_duration_seconds', model, m.duration, requestGuard);
    }
  },
  tts_metrics(samples, m, outcomes) {
    const model = modelOf(m.metadata);
    const outcome = outcomes.of('tts', endedAt(m, model, number(m.ttfb) < 0));
    samples.add('lk_agents_tts_requests_total', { ...model, outcome, streamed: yes(m.streamed) }, 1);
    samples.measure('lk_agents_tts_ttfb_seconds', model, m.ttfb, requestGuard);
    if (outcome === 'cancelled' || outcome === 'error') return;
    samples.measure('lk_agents_tts_duration_seconds', model, m.duration, requestGuard);
  },
  vad_metrics(samples, m) {
    samples.count('lk_agents_vad_idle_seconds_total', {}, m.idleTime);
    samples.count('lk_agents_vad_inference_seconds_total', {}, m.inferenceDurationTotal);
    samples.count('lk_agents_vad_inferences_total', {}, m.inferenceCount);
  },
  eou_metrics(samples, m) {
    // Both are 0 when no end of speech was detected; the callback ran anyway.
    const detected = m.endOfUtteranceDelay !== 0 || m.transcriptionDelay !== 0;
    samples.add('lk_agents_eou_events_total', { detected: detected ? 'yes' : 'no' }, 1);
    const hook = m.onUserTurnCompletedDelay;
    if (detected || hook) {
      samples.measure('lk_agents_eou_on_user_turn_completed_delay_seconds', {}, hook, delayGuard);
    }
    if (!detected) return;
    samples.measure('lk_agents_eou_delay_seconds', {}, m.endOfUtteranceDelay, detection);
    samples.measure('lk_agents_eou_transcription_delay_seconds', {}, m.transcriptionDelay, delayGuard);
  },
  eot_inference_metrics(samples, m) {
    const model = modelOf(m.metadata);
    samples.measure('lk_agents_eot_total_duration_seconds', model, m.totalDuration, inference);
    samples.measure('lk_agents_eot_prediction_duration_seconds', model, m.predictionDuration, inference);
    samples.measure('lk_agents_eot_detection_delay_seconds', model, m.detectionDelay, inference);
    samples.count('lk_agents_eot_requests_total', model, m.numRequests);
  },
  interruption_metrics(samples, m) {
    const model = modelOf(m.metadata);
    // An overlap that ended before a request was made has no durations: nothing was measured.
    if (m.numRequests !== 0) {
      samples.measure('lk_agents_interruption_total_duration_seconds', model, m.totalDuration, inference);
      samples.measure(
        'lk_agents_interruption_prediction_duration_seconds',
        model,
        m.predictionDuration,
        inference,
      );
      samples.measure('lk_agents_interruption_detection_delay_seconds', model, m.detectionDelay, inference);
    }
    samples.count('lk_agents_interruption_detected_total', model, m.numInterruptions);
    samples.count('lk_agents_interruption_backchannels_total', model, m.numBackchannels);
    samples.count('lk_agents_interruption_requests_total', model, m.numRequests);
  },
  realtime_model_metrics(samples, m, outcomes) {
    const model = modelOf(m.metadata);
    if (m.acquireTime !== undefined) {
      const labels = { ...model, reused: yes(m.connectionReused) } as const;
      samples.measure('lk_agents_connection_acquire_seconds', labels, m.acquireTime, requestGuard);
    }
    // Some plugins report a new connection, or the duration of a closed one, as an event without a response.
    if (m.duration === 0 && m.inputTokens === 0 && m.outputTokens === 0) return;
    const empty = number(m.ttft) < 0 && m.outputTokens === 0;
    const outcome = outcomes.of('realtime', startedAt(m, model, empty));
    samples.add('lk_agents_realtime_requests_total', { ...model, outcome }, 1);
    samples.measure('lk_agents_realtime_ttft_seconds', model, m.ttft, requestGuard);
    if (outcome === 'cancelled' || outcome === 'error') return;
    samples.measure('lk_agents_realtime_duration_seconds', model, m.duration, requestGuard);
    samples.measure('lk_agents_realtime_tokens_per_second', model, m.tokensPerSecond, rate);
  },
  avatar_metrics(samples, m) {
    const model = modelOf(m.metadata);
    samples.measure('lk_agents_avatar_playback_latency_seconds', model, m.playbackLatency, delayGuard);
    if (m.sessionStartedAt !== undefined && m.avatarJoinedAt !== undefined) {
      const join = elapsed(m.sessionStartedAt, m.avatarJoinedAt);
      samples.measure('lk_agents_avatar_join_duration_seconds', model, join, requestGuard);
    }
  },
};

/** Records the metrics of models and detectors that an event reports. */
export function recordMetricsEvent(samples: Samples, m: MetricsEvent, outcomes: RequestOutcomes): void {
  // A newer SDK may have types that are not known here. They are ignored.
  if (!Object.hasOwn(handlers, m.type)) return;
  (handlers[m.type] as (s: Samples, m: MetricsEvent, o: RequestOutcomes) => void)(samples, m, outcomes);
}
