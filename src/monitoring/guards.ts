import type { MetricName } from '../catalogue/metrics.ts';

/** What a value must be to become a sample, as `src/session/samples.ts` and its callers have it. */
export interface Guarded {
  /** What such a value is, for the reader. */
  what: string;
  /** The largest value that is believed, in the series' unit. */
  max: number;
  /** `max` in words. */
  limit: string;
  /** Whether 0 means that nothing was measured, and is refused. */
  zeroIsMissing: boolean;
  metrics: readonly MetricName[];
}

const threeMinutes = { max: 180, limit: '180 s: no caller waits longer' } as const;
const tenMinutes = { max: 600, limit: '600 s: beyond it a clock jumped or a process slept' } as const;

/** The histograms whose values come from the SDK. Their agreement with the code is tested. */
export const guarded: readonly Guarded[] = [
  {
    what: 'Delays within a conversation',
    ...threeMinutes,
    zeroIsMissing: false,
    metrics: [
      'lk_agents_turn_transcription_delay_seconds',
      'lk_agents_turn_end_of_turn_delay_seconds',
      'lk_agents_turn_on_user_turn_completed_delay_seconds',
      'lk_agents_turn_playback_latency_seconds',
      'lk_agents_eou_transcription_delay_seconds',
      'lk_agents_eou_on_user_turn_completed_delay_seconds',
      'lk_agents_avatar_playback_latency_seconds',
      'lk_agents_first_response_seconds',
    ],
  },
  {
    what: 'Delays that cannot be 0',
    ...threeMinutes,
    zeroIsMissing: true,
    metrics: ['lk_agents_eou_delay_seconds'],
  },
  {
    what: 'Turns, and requests to models and tools',
    ...tenMinutes,
    zeroIsMissing: false,
    metrics: [
      'lk_agents_turn_e2e_latency_seconds',
      'lk_agents_turn_llm_ttft_seconds',
      'lk_agents_turn_tts_ttfb_seconds',
      'lk_agents_llm_ttft_seconds',
      'lk_agents_llm_duration_seconds',
      'lk_agents_stt_duration_seconds',
      'lk_agents_tts_ttfb_seconds',
      'lk_agents_tts_duration_seconds',
      'lk_agents_realtime_ttft_seconds',
      'lk_agents_realtime_duration_seconds',
      'lk_agents_connection_acquire_seconds',
      'lk_agents_avatar_join_duration_seconds',
      'lk_agents_tool_duration_seconds',
    ],
  },
  {
    what: 'Inference of detectors: 0 is what they report when no request was made',
    ...tenMinutes,
    zeroIsMissing: true,
    metrics: [
      'lk_agents_eot_total_duration_seconds',
      'lk_agents_eot_prediction_duration_seconds',
      'lk_agents_eot_detection_delay_seconds',
      'lk_agents_interruption_total_duration_seconds',
      'lk_agents_interruption_prediction_duration_seconds',
      'lk_agents_interruption_detection_delay_seconds',
    ],
  },
  {
    what: 'Rates: 0 is what the SDK reports when no tokens were counted',
    max: 1e12,
    limit: '10¹²',
    zeroIsMissing: true,
    metrics: ['lk_agents_llm_tokens_per_second', 'lk_agents_realtime_tokens_per_second'],
  },
  {
    what: 'Confidence: 0 is that of an STT that has none to tell',
    max: 1,
    limit: '1',
    zeroIsMissing: true,
    metrics: ['lk_agents_transcript_confidence_ratio'],
  },
  {
    what: 'Calls and silences',
    max: 7 * 24 * 3600,
    limit: 'a week',
    zeroIsMissing: false,
    metrics: ['lk_agents_session_duration_seconds', 'lk_agents_dead_air_seconds'],
  },
];

/** Histograms that need no guard, and why. */
export const unguarded: Partial<Record<MetricName, string>> = {
  lk_agents_turn_estimated_latency_seconds: 'the sum of three values that were each believed',
  lk_agents_session_turns: 'counted by Talkgauge',
  lk_agents_proc_initialize_duration_seconds: 'measured by Talkgauge with a monotonic clock',
  lk_agents_event_loop_blocked_duration_seconds: 'measured by the SDK with a monotonic clock',
  v8js_gc_duration_seconds: 'measured by Node.js with a monotonic clock',
};
