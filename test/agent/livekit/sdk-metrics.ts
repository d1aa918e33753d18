import type { metrics } from '@livekit/agents';
import { start } from './call.ts';

const metadata = { modelProvider: 'acme', modelName: 'm-1' };
/** The labels of `metadata`. */
export const model = { model_provider: 'acme', model_name: 'm-1' };

export const llmMetrics = (given: Partial<metrics.LLMMetrics> = {}): metrics.LLMMetrics => ({
  type: 'llm_metrics',
  label: 'acme.LLM',
  requestId: 'llm-1',
  timestamp: start,
  durationMs: 900,
  ttftMs: 400,
  cancelled: false,
  completionTokens: 20,
  promptTokens: 100,
  promptCachedTokens: 40,
  totalTokens: 120,
  tokensPerSecond: 22,
  metadata,
  ...given,
});

export const sttMetrics = (given: Partial<metrics.STTMetrics> = {}): metrics.STTMetrics => ({
  type: 'stt_metrics',
  label: 'acme.STT',
  requestId: 'stt-1',
  timestamp: start,
  durationMs: 300,
  audioDurationMs: 5000,
  streamed: false,
  metadata,
  ...given,
});

/** A synthesis of a non-streaming TTS: it is counted immediately, because no other event can have reported it. */
export const ttsMetrics = (given: Partial<metrics.TTSMetrics> = {}): metrics.TTSMetrics => ({
  type: 'tts_metrics',
  label: 'acme.TTS',
  requestId: 'tts-1',
  timestamp: start,
  ttfbMs: 120,
  durationMs: 250,
  audioDurationMs: 2000,
  cancelled: false,
  charactersCount: 30,
  streamed: false,
  metadata,
  ...given,
});

export const vadMetrics = (given: Partial<metrics.VADMetrics> = {}): metrics.VADMetrics => ({
  type: 'vad_metrics',
  label: 'acme.VAD',
  timestamp: start,
  idleTimeMs: 1500,
  inferenceDurationTotalMs: 80,
  inferenceCount: 32,
  ...given,
});

export const eouMetrics = (given: Partial<metrics.EOUMetrics> = {}): metrics.EOUMetrics => ({
  type: 'eou_metrics',
  timestamp: start,
  endOfUtteranceDelayMs: 500,
  transcriptionDelayMs: 300,
  onUserTurnCompletedDelayMs: 20,
  lastSpeakingTimeMs: start - 500,
  speechId: 'speech-1',
  ...given,
});

export const eotMetrics = (
  given: Partial<metrics.EOTInferenceMetrics> = {},
): metrics.EOTInferenceMetrics => ({
  type: 'eot_inference_metrics',
  timestamp: start,
  totalDuration: 60,
  predictionDuration: 25,
  detectionDelay: 90,
  numRequests: 1,
  metadata,
  ...given,
});

export const interruptionMetrics = (
  given: Partial<metrics.InterruptionMetrics> = {},
): metrics.InterruptionMetrics => ({
  type: 'interruption_metrics',
  timestamp: start,
  totalDuration: 70,
  predictionDuration: 30,
  detectionDelay: 400,
  numInterruptions: 1,
  numBackchannels: 2,
  numRequests: 3,
  metadata,
  ...given,
});

export const realtimeMetrics = (
  given: Partial<metrics.RealtimeModelMetrics> = {},
): metrics.RealtimeModelMetrics => ({
  type: 'realtime_model_metrics',
  label: 'acme.RealtimeModel',
  requestId: 'response-1',
  timestamp: start,
  durationMs: 1200,
  ttftMs: 250,
  cancelled: false,
  inputTokens: 50,
  outputTokens: 30,
  totalTokens: 80,
  tokensPerSecond: 25,
  inputTokenDetails: {
    audioTokens: 35,
    textTokens: 10,
    imageTokens: 5,
    cachedTokens: 6,
    cachedTokensDetails: { audioTokens: 3, textTokens: 2, imageTokens: 1 },
  },
  outputTokenDetails: { textTokens: 10, audioTokens: 18, imageTokens: 2 },
  metadata,
  ...given,
});

export const avatarMetrics = (given: Partial<metrics.AvatarMetrics> = {}): metrics.AvatarMetrics => ({
  type: 'avatar_metrics',
  timestamp: start,
  playbackLatencyMs: 180,
  metadata,
  ...given,
});
