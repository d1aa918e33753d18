import { describe, expect, test } from 'vitest';
import { Call } from '../agent/livekit/call.ts';
import * as sdk from '../agent/livekit/sdk-metrics.ts';

const { model } = sdk;
const unknown = { model_provider: 'unknown', model_name: 'unknown' };

describe('llm_metrics', () => {
  test('a completed request is counted with its model and measured', () => {
    const call = new Call().metrics(sdk.llmMetrics());
    expect(call.values('lk_agents_llm_requests_total', { ...model, outcome: 'ok' })).toEqual([1]);
    expect(call.values('lk_agents_llm_ttft_seconds', model)).toEqual([0.4]);
    expect(call.values('lk_agents_llm_duration_seconds', model)).toEqual([0.9]);
    expect(call.values('lk_agents_llm_tokens_per_second', model)).toEqual([22]);
  });

  test('a cancelled request adds tokens but no latency samples', () => {
    const call = new Call().metrics(sdk.llmMetrics({ cancelled: true, ttftMs: -1, durationMs: 80 }));
    expect(call.values('lk_agents_llm_requests_total', { outcome: 'cancelled' })).toEqual([1]);
    expect(call.values('lk_agents_llm_ttft_seconds')).toEqual([]);
    expect(call.values('lk_agents_llm_duration_seconds')).toEqual([]);
    expect(call.values('lk_agents_llm_tokens_per_second')).toEqual([]);
    expect(call.values('lk_agents_usage_llm_input_tokens_total')).toEqual([100]);
  });

  test('a request interrupted while it streams still has a time to first token', () => {
    const call = new Call().metrics(sdk.llmMetrics({ cancelled: true }));
    expect(call.values('lk_agents_llm_ttft_seconds')).toEqual([0.4]);
    expect(call.values('lk_agents_llm_duration_seconds')).toEqual([]);
  });

  test('a request with an empty response has the outcome empty', () => {
    const call = new Call().metrics(sdk.llmMetrics({ ttftMs: -1, completionTokens: 0 }));
    expect(call.values('lk_agents_llm_requests_total', { outcome: 'empty' })).toEqual([1]);
    expect(call.values('talkgauge_invalid_samples_total', { reason: 'missing' })).toEqual([1]);
  });

  test('a request without an id, as behind a fallback adapter, has failed', () => {
    const call = new Call().metrics(sdk.llmMetrics({ ttftMs: -1, requestId: '' }));
    expect(call.values('lk_agents_llm_requests_total')).toEqual([1]);
    expect(call.values('lk_agents_llm_requests_total', { outcome: 'error' })).toEqual([1]);
    expect(call.values('lk_agents_llm_duration_seconds')).toEqual([]);
  });

  test.each([[undefined], [{}], [{ modelProvider: '', modelName: '' }]])(
    'a plugin with the model metadata %j has an unknown model',
    (metadata) => {
      const call = new Call().metrics(sdk.llmMetrics({ metadata }));
      expect(call.values('lk_agents_llm_requests_total', unknown)).toEqual([1]);
    },
  );
});

describe('stt_metrics', () => {
  test('a non-streaming request has a duration', () => {
    const call = new Call().metrics(sdk.sttMetrics());
    expect(call.values('lk_agents_stt_requests_total', { ...model, streamed: 'false' })).toEqual([1]);
    expect(call.values('lk_agents_stt_duration_seconds', model)).toEqual([0.3]);
  });

  test('each usage report of a stream is counted and has no duration', () => {
    const report = sdk.sttMetrics({ streamed: true, durationMs: 0 });
    const call = new Call().metrics(report).metrics({ ...report });
    expect(call.values('lk_agents_stt_requests_total', { streamed: 'true' })).toEqual([1, 1]);
    expect(call.values('lk_agents_stt_duration_seconds')).toEqual([]);
    expect(call.values('talkgauge_invalid_samples_total')).toEqual([]);
    expect(call.total('lk_agents_usage_stt_audio_duration_seconds_total')).toBe(10);
  });
});

describe('tts_metrics', () => {
  test('a synthesis is counted with its model and measured', () => {
    const call = new Call().metrics(sdk.ttsMetrics());
    const labels = { ...model, outcome: 'ok', streamed: 'false' };
    expect(call.values('lk_agents_tts_requests_total', labels)).toEqual([1]);
    expect(call.values('lk_agents_tts_ttfb_seconds', model)).toEqual([0.12]);
    expect(call.values('lk_agents_tts_duration_seconds', model)).toEqual([0.25]);
  });

  test('a cancelled synthesis adds usage and has no duration', () => {
    const call = new Call().metrics(sdk.ttsMetrics({ cancelled: true }));
    expect(call.values('lk_agents_tts_requests_total', { outcome: 'cancelled' })).toEqual([1]);
    expect(call.values('lk_agents_tts_duration_seconds')).toEqual([]);
    expect(call.values('lk_agents_usage_tts_characters_total')).toEqual([30]);
  });
});

test('vad_metrics add to counters of time and inferences', () => {
  const call = new Call().metrics(sdk.vadMetrics()).metrics(sdk.vadMetrics());
  expect(call.total('lk_agents_vad_idle_seconds_total')).toBe(3);
  expect(call.total('lk_agents_vad_inference_seconds_total')).toBe(0.16);
  expect(call.total('lk_agents_vad_inferences_total')).toBe(64);
});

describe('eou_metrics', () => {
  test('the delays of a detected end of utterance are measured', () => {
    const call = new Call().metrics(sdk.eouMetrics());
    expect(call.values('lk_agents_eou_events_total', { detected: 'yes' })).toEqual([1]);
    expect(call.values('lk_agents_eou_delay_seconds')).toEqual([0.5]);
    expect(call.values('lk_agents_eou_transcription_delay_seconds')).toEqual([0.3]);
    expect(call.values('lk_agents_eou_on_user_turn_completed_delay_seconds')).toEqual([0.02]);
  });

  test('an undetected end of utterance is counted and has no delays', () => {
    const undetected = { endOfUtteranceDelayMs: 0, transcriptionDelayMs: 0, onUserTurnCompletedDelayMs: 0 };
    const call = new Call().metrics(sdk.eouMetrics(undetected));
    expect(call.values('lk_agents_eou_events_total', { detected: 'no' })).toEqual([1]);
    expect(call.observations).toHaveLength(1);
  });

  test('the callback of an undetected end of utterance is measured', () => {
    const undetected = { endOfUtteranceDelayMs: 0, transcriptionDelayMs: 0, onUserTurnCompletedDelayMs: 40 };
    const call = new Call().metrics(sdk.eouMetrics(undetected));
    expect(call.values('lk_agents_eou_on_user_turn_completed_delay_seconds')).toEqual([0.04]);
    expect(call.values('lk_agents_eou_delay_seconds')).toEqual([]);
  });
});

describe('detectors', () => {
  test('eot_inference_metrics are read as milliseconds despite their names', () => {
    const call = new Call().metrics(sdk.eotMetrics());
    expect(call.values('lk_agents_eot_total_duration_seconds', model)).toEqual([0.06]);
    expect(call.values('lk_agents_eot_prediction_duration_seconds', model)).toEqual([0.025]);
    expect(call.values('lk_agents_eot_detection_delay_seconds', model)).toEqual([0.09]);
    expect(call.values('lk_agents_eot_requests_total', model)).toEqual([1]);
  });

  test('interruption_metrics are read as milliseconds despite their names', () => {
    const call = new Call().metrics(sdk.interruptionMetrics());
    expect(call.values('lk_agents_interruption_total_duration_seconds', model)).toEqual([0.07]);
    expect(call.values('lk_agents_interruption_prediction_duration_seconds', model)).toEqual([0.03]);
    expect(call.values('lk_agents_interruption_detection_delay_seconds', model)).toEqual([0.4]);
    expect(call.values('lk_agents_interruption_detected_total', model)).toEqual([1]);
    expect(call.values('lk_agents_interruption_backchannels_total', model)).toEqual([2]);
    expect(call.values('lk_agents_interruption_requests_total', model)).toEqual([3]);
  });

  test('an overlap that ended before a request adds neither a sample nor an invalid sample', () => {
    const none = { totalDuration: 0, predictionDuration: 0, detectionDelay: 0, numRequests: 0 };
    const call = new Call().metrics(sdk.interruptionMetrics(none));
    expect(call.values('lk_agents_interruption_total_duration_seconds')).toEqual([]);
    expect(call.values('talkgauge_invalid_samples_total')).toEqual([]);
    expect(call.values('lk_agents_interruption_detected_total')).toEqual([1]);
  });
});

describe('realtime_model_metrics', () => {
  test('a response is counted with its model and measured', () => {
    const call = new Call().metrics(sdk.realtimeMetrics());
    expect(call.values('lk_agents_realtime_requests_total', { ...model, outcome: 'ok' })).toEqual([1]);
    expect(call.values('lk_agents_realtime_ttft_seconds', model)).toEqual([0.25]);
    expect(call.values('lk_agents_realtime_duration_seconds', model)).toEqual([1.2]);
    expect(call.values('lk_agents_realtime_tokens_per_second', model)).toEqual([25]);
  });

  test('a text-only response has no first audio token and is not empty', () => {
    const call = new Call().metrics(sdk.realtimeMetrics({ ttftMs: -1 }));
    expect(call.values('lk_agents_realtime_requests_total', { outcome: 'ok' })).toEqual([1]);
    expect(call.values('lk_agents_realtime_ttft_seconds')).toEqual([]);
  });

  test('the report of a closed connection is not counted as a response', () => {
    const report = { durationMs: 0, ttftMs: -1, inputTokens: 0, outputTokens: 0, sessionDurationMs: 12_500 };
    const call = new Call().metrics(sdk.realtimeMetrics({ ...report, tokensPerSecond: Number.NaN }));
    expect(call.values('lk_agents_realtime_requests_total')).toEqual([]);
    expect(call.values('talkgauge_invalid_samples_total')).toEqual([]);
    expect(call.values('lk_agents_usage_llm_session_duration_seconds_total', model)).toEqual([12.5]);
  });

  test.each([
    [true, 'true'],
    [false, 'false'],
    [undefined, 'false'],
  ])('the acquire time of a connection with connectionReused %j is measured', (connectionReused, reused) => {
    const call = new Call().metrics(sdk.realtimeMetrics({ acquireTimeMs: 35, connectionReused }));
    expect(call.values('lk_agents_connection_acquire_seconds', { ...model, reused })).toEqual([0.035]);
  });
});

describe('avatar_metrics', () => {
  test('a playback latency is read as milliseconds', () => {
    const call = new Call().metrics(sdk.avatarMetrics({ playbackLatencyMs: 180 }));
    expect(call.values('lk_agents_avatar_playback_latency_seconds', model)).toEqual([0.18]);
    expect(call.values('lk_agents_avatar_join_duration_seconds')).toEqual([]);
  });

  test('the join time of an avatar is from its start to its video', () => {
    const joined = { playbackLatencyMs: undefined, sessionStartedAt: 1_000, avatarJoinedAt: 4_200 };
    const call = new Call().metrics(sdk.avatarMetrics(joined));
    expect(call.values('lk_agents_avatar_join_duration_seconds', model)).toEqual([3.2]);
    expect(call.values('lk_agents_avatar_playback_latency_seconds')).toEqual([]);
  });

  test('an avatar with a join time before its start time is rejected', () => {
    const joined = { playbackLatencyMs: undefined, sessionStartedAt: 4_200, avatarJoinedAt: 1_000 };
    const call = new Call().metrics(sdk.avatarMetrics(joined));
    expect(call.values('lk_agents_avatar_join_duration_seconds')).toEqual([]);
    expect(call.values('talkgauge_invalid_samples_total', { reason: 'negative' })).toEqual([1]);
  });
});

test('an unknown metrics event type is ignored', () => {
  const call = new Call().metrics({ ...sdk.llmMetrics(), type: 'telepathy_metrics' } as never);
  expect(call.observations).toEqual([]);
});
