import { catalogue, type MetricName } from '../../catalogue/metrics.ts';
import type { MetricSpec } from '../../catalogue/types.ts';

/** Series of the catalogue with a common source, or that are unavailable for a common reason. */
export interface Source {
  /** The source of the series, in Markdown. */
  from?: string;
  /** Why the series are unavailable, in Markdown. */
  lacking?: string;
  metrics: readonly MetricName[];
}

/** The source of each session series in the gateway; shown in docs/gateway.md. */
export const sources: readonly Source[] = [
  {
    from: "Messages of the conversation. Without a transcript, or where the job died: spans `agent_turn`, `llm_node`, `tts_node`. The models are those of the turn's requests, else those of the report, where it names one of a kind.",
    metrics: [
      'lk_agents_turn_e2e_latency_seconds',
      'lk_agents_turn_llm_ttft_seconds',
      'lk_agents_turn_tts_ttfb_seconds',
    ],
  },
  {
    from: "Messages of the user; without a transcript, spans `user_turn`, on which Node.js does not report the callback's time.",
    metrics: [
      'lk_agents_turn_transcription_delay_seconds',
      'lk_agents_turn_end_of_turn_delay_seconds',
      'lk_agents_turn_on_user_turn_completed_delay_seconds',
      'lk_agents_transcript_confidence_ratio',
      'lk_agents_eou_delay_seconds',
      'lk_agents_eou_transcription_delay_seconds',
      'lk_agents_eou_on_user_turn_completed_delay_seconds',
      'lk_agents_eou_events_total',
    ],
  },
  {
    from: 'The conversation that comes with the recording.',
    metrics: ['lk_agents_turn_playback_latency_seconds'],
  },
  {
    from: 'Messages, tools, and spans of requests and speech, put together as in a job.',
    metrics: [
      'lk_agents_turn_segment_seconds_total',
      'lk_agents_turns_total',
      'lk_agents_session_turns',
      'lk_agents_turn_estimated_latency_seconds',
    ],
  },
  {
    from: 'Spans `llm_request` and `tts_request`, on which the SDKs write their metrics events; how they failed, their attempts.',
    metrics: [
      'lk_agents_llm_ttft_seconds',
      'lk_agents_llm_duration_seconds',
      'lk_agents_llm_tokens_per_second',
      'lk_agents_llm_requests_total',
      'lk_agents_tts_ttfb_seconds',
      'lk_agents_tts_duration_seconds',
      'lk_agents_tts_requests_total',
    ],
  },
  {
    from: 'Spans with `lk.realtime_model_metrics`.',
    metrics: [
      'lk_agents_realtime_ttft_seconds',
      'lk_agents_realtime_duration_seconds',
      'lk_agents_realtime_tokens_per_second',
      'lk_agents_realtime_requests_total',
      'lk_agents_connection_acquire_seconds',
    ],
  },
  {
    from: "The report's usage; where no report came, what spans have of it (that of no STT).",
    metrics: [
      'lk_agents_usage_llm_input_tokens_total',
      'lk_agents_usage_llm_input_cached_tokens_total',
      'lk_agents_usage_llm_output_tokens_total',
      'lk_agents_usage_llm_cache_creation_tokens_total',
      'lk_agents_usage_llm_input_text_tokens_total',
      'lk_agents_usage_llm_input_audio_tokens_total',
      'lk_agents_usage_llm_input_image_tokens_total',
      'lk_agents_usage_llm_input_cached_text_tokens_total',
      'lk_agents_usage_llm_input_cached_audio_tokens_total',
      'lk_agents_usage_llm_input_cached_image_tokens_total',
      'lk_agents_usage_llm_output_text_tokens_total',
      'lk_agents_usage_llm_output_audio_tokens_total',
      'lk_agents_usage_llm_session_duration_seconds_total',
      'lk_agents_usage_tts_characters_total',
      'lk_agents_usage_tts_audio_duration_seconds_total',
      'lk_agents_usage_tts_input_tokens_total',
      'lk_agents_usage_tts_output_tokens_total',
      'lk_agents_usage_stt_audio_duration_seconds_total',
      'lk_agents_usage_stt_input_tokens_total',
      'lk_agents_usage_stt_output_tokens_total',
      'lk_agents_usage_interruption_num_requests_total',
      'lk_agents_usage_eot_num_requests_total',
      'lk_agents_interruption_requests_total',
      'lk_agents_eot_requests_total',
      'lk_agents_billable_usage_total',
    ],
  },
  {
    from: "The usage, at the gateway's prices.",
    metrics: ['lk_agents_cost_usd_total', 'lk_agents_cost_unpriced_usage_total'],
  },
  {
    from: 'Sessions that upload spans, and have not ended. This one is there while the call runs.',
    metrics: ['lk_agents_sessions_active'],
  },
  {
    from: 'The report, and why the session closed: Node.js has it in its log at level `info`, Python on a span. Where neither has it: `other`; where no report came: `crashed`.',
    metrics: ['lk_agents_sessions_total', 'lk_agents_session_duration_seconds'],
  },
  {
    from: 'Spans of turns and of speech, and the times in messages: speech begins and ends at its true times, and not, as in a job, when that is detected some tenths of a second later. Users are never `away`, and agents never `initializing`: no span has it.',
    metrics: [
      'lk_agents_agent_state_seconds_total',
      'lk_agents_user_state_seconds_total',
      'lk_agents_first_response_seconds',
      'lk_agents_dead_air_seconds',
      'lk_agents_speech_interrupted_total',
    ],
  },
  {
    from: 'Attempts at requests to LLM and TTS that failed. Errors of STT and of realtime models are on no span.',
    metrics: ['lk_agents_errors_total'],
  },
  {
    from: 'The conversation; without a transcript, spans `function_tool` (and no handoffs).',
    metrics: ['lk_agents_tool_calls_total', 'lk_agents_tool_duration_seconds', 'lk_agents_handoffs_total'],
  },
  {
    from: 'Spans `eou_detection`.',
    metrics: ['lk_agents_eot_predictions_total', 'lk_agents_eot_detection_delay_seconds'],
  },
  {
    from: 'Spans `user_speaking` that the interruption model judged.',
    metrics: [
      'lk_agents_overlapping_speech_total',
      'lk_agents_interruption_total_duration_seconds',
      'lk_agents_interruption_prediction_duration_seconds',
      'lk_agents_interruption_detection_delay_seconds',
      'lk_agents_interruption_detected_total',
      'lk_agents_interruption_backchannels_total',
    ],
  },
  {
    lacking: 'STT has no span of its requests.',
    metrics: ['lk_agents_stt_requests_total', 'lk_agents_stt_duration_seconds'],
  },
  {
    lacking: 'No span has it, and no report.',
    metrics: [
      'lk_agents_vad_idle_seconds_total',
      'lk_agents_vad_inference_seconds_total',
      'lk_agents_vad_inferences_total',
      'lk_agents_eot_total_duration_seconds',
      'lk_agents_eot_prediction_duration_seconds',
      'lk_agents_false_interruptions_total',
      'lk_agents_user_transcription_timeouts_total',
      'lk_agents_avatar_playback_latency_seconds',
      'lk_agents_avatar_join_duration_seconds',
      'lk_agents_usage_llm_output_image_tokens_total',
    ],
  },
  {
    lacking: 'Only `recordRoom` knows what Egress makes of a room.',
    metrics: [
      'lk_agents_recordings_total',
      'lk_agents_recordings_active',
      'lk_agents_recorded_seconds_total',
      'lk_agents_recording_errors_total',
    ],
  },
  {
    lacking:
      'It is of a worker: the Python SDK serves these itself (`prometheus_port`), and of stalls there are spans.',
    metrics: [
      'lk_agents_worker_load',
      'lk_agents_active_job_count',
      'lk_agents_child_process_count',
      'lk_agents_proc_initialize_duration_seconds',
      'lk_agents_job_exits_total',
      'lk_agents_event_loop_blocked_duration_seconds',
    ],
  },
];

/** Self-monitoring of the measurement. There is no `talkgauge_build_info`: it identifies workers. */
const own: readonly MetricName[] = [
  'talkgauge_invalid_samples_total',
  'talkgauge_samples_dropped_total',
  'talkgauge_duplicate_events_total',
  'talkgauge_label_overflow_total',
];

/** The series that the gateway records. */
export const recorded: Readonly<Record<string, MetricSpec>> = Object.fromEntries(
  [...sources.flatMap(({ from, metrics }) => (from === undefined ? [] : metrics)), ...own].map((name) => [
    name,
    catalogue[name] as MetricSpec,
  ]),
);
