import { describe, expect, test } from 'vitest';
import { catalogue, isMetric } from '../../src/catalogue/metrics.ts';
import { observation } from '../../src/catalogue/observation.ts';

const model = ['model_provider', 'model_name'];
const yesNo = ['yes', 'no'];
const trueFalse = ['true', 'false'];
const billed = ['llm', 'stt', 'tts', 'realtime', 'interruption', 'eot'];
const units = [
  ...['input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens'],
  ...['input_audio_tokens', 'cached_input_audio_tokens', 'output_audio_tokens'],
  ...['input_image_tokens', 'cached_input_image_tokens', 'output_image_tokens'],
  ...['characters', 'audio_seconds', 'audio_seconds_without_tokens', 'session_seconds', 'requests'],
];
const outcomes = ['ok', 'empty', 'cancelled', 'error'];

/**
 * The names that boards, alerts and user queries depend on, with their types and labels: a label with
 * any value stands by its name, one with listed values by name and values.
 */
const fixed: Record<
  string,
  [type: 'C' | 'G' | 'H', ...labels: (string | readonly [string, readonly string[]])[]]
> = {
  lk_agents_turn_e2e_latency_seconds: ['H', ...model],
  lk_agents_turn_llm_ttft_seconds: ['H', ...model],
  lk_agents_turn_tts_ttfb_seconds: ['H', ...model],
  lk_agents_turn_transcription_delay_seconds: ['H'],
  lk_agents_turn_end_of_turn_delay_seconds: ['H'],
  lk_agents_turn_on_user_turn_completed_delay_seconds: ['H'],
  lk_agents_turn_playback_latency_seconds: ['H'],
  lk_agents_turn_estimated_latency_seconds: ['H'],
  lk_agents_turn_segment_seconds_total: [
    'C',
    ['segment', ['transcription', 'endpointing', 'user_hook', 'llm', 'tools', 'tts', 'unattributed']],
  ],
  lk_agents_turns_total: [
    'C',
    ['outcome', ['completed', 'interrupted', 'unanswered', 'abandoned']],
    ['tools', yesNo],
  ],
  lk_agents_llm_ttft_seconds: ['H', ...model],
  lk_agents_llm_duration_seconds: ['H', ...model],
  lk_agents_llm_tokens_per_second: ['H', ...model],
  lk_agents_llm_requests_total: ['C', ...model, ['outcome', outcomes]],
  lk_agents_stt_duration_seconds: ['H', ...model],
  lk_agents_stt_requests_total: ['C', ...model, ['streamed', trueFalse]],
  lk_agents_tts_ttfb_seconds: ['H', ...model],
  lk_agents_tts_duration_seconds: ['H', ...model],
  lk_agents_tts_requests_total: ['C', ...model, ['outcome', outcomes], ['streamed', trueFalse]],
  lk_agents_vad_idle_seconds_total: ['C'],
  lk_agents_vad_inference_seconds_total: ['C'],
  lk_agents_vad_inferences_total: ['C'],
  lk_agents_eou_delay_seconds: ['H'],
  lk_agents_eou_transcription_delay_seconds: ['H'],
  lk_agents_eou_on_user_turn_completed_delay_seconds: ['H'],
  lk_agents_eot_total_duration_seconds: ['H', ...model],
  lk_agents_eot_prediction_duration_seconds: ['H', ...model],
  lk_agents_eot_detection_delay_seconds: ['H', ...model],
  lk_agents_eot_requests_total: ['C', ...model],
  lk_agents_eot_predictions_total: ['C', ['likely', yesNo]],
  lk_agents_interruption_total_duration_seconds: ['H', ...model],
  lk_agents_interruption_prediction_duration_seconds: ['H', ...model],
  lk_agents_interruption_detection_delay_seconds: ['H', ...model],
  lk_agents_interruption_detected_total: ['C', ...model],
  lk_agents_interruption_backchannels_total: ['C', ...model],
  lk_agents_interruption_requests_total: ['C', ...model],
  lk_agents_realtime_ttft_seconds: ['H', ...model],
  lk_agents_realtime_duration_seconds: ['H', ...model],
  lk_agents_realtime_tokens_per_second: ['H', ...model],
  lk_agents_realtime_requests_total: ['C', ...model, ['outcome', outcomes]],
  lk_agents_connection_acquire_seconds: ['H', ...model, ['reused', trueFalse]],
  lk_agents_avatar_playback_latency_seconds: ['H', ...model],
  lk_agents_avatar_join_duration_seconds: ['H', ...model],
  lk_agents_usage_llm_input_tokens_total: ['C', ...model],
  lk_agents_usage_llm_input_cached_tokens_total: ['C', ...model],
  lk_agents_usage_llm_output_tokens_total: ['C', ...model],
  lk_agents_usage_llm_input_text_tokens_total: ['C', ...model],
  lk_agents_usage_llm_input_audio_tokens_total: ['C', ...model],
  lk_agents_usage_llm_input_image_tokens_total: ['C', ...model],
  lk_agents_usage_llm_output_text_tokens_total: ['C', ...model],
  lk_agents_usage_llm_output_audio_tokens_total: ['C', ...model],
  lk_agents_usage_llm_cache_creation_tokens_total: ['C', ...model],
  lk_agents_usage_llm_session_duration_seconds_total: ['C', ...model],
  lk_agents_usage_tts_characters_total: ['C', ...model],
  lk_agents_usage_tts_audio_duration_seconds_total: ['C', ...model],
  lk_agents_usage_stt_audio_duration_seconds_total: ['C', ...model],
  lk_agents_usage_interruption_num_requests_total: ['C', ...model],
  lk_agents_usage_eot_num_requests_total: ['C', ...model],
  lk_agents_billable_usage_total: ['C', ...model, ['component', billed], ['unit', units]],
  lk_agents_cost_usd_total: ['C', ...model, ['component', billed]],
  lk_agents_cost_unpriced_usage_total: ['C', ...model, ['component', billed], ['unit', units]],
  lk_agents_sessions_active: ['G'],
  lk_agents_sessions_total: [
    'C',
    [
      'close_reason',
      ['error', 'job_shutdown', 'participant_disconnected', 'user_initiated', 'other', 'crashed'],
    ],
  ],
  lk_agents_session_duration_seconds: ['H'],
  lk_agents_session_turns: ['H'],
  lk_agents_first_response_seconds: ['H'],
  lk_agents_dead_air_seconds: ['H', ['after', ['user', 'agent']]],
  lk_agents_errors_total: [
    'C',
    ['component', ['llm', 'stt', 'tts', 'realtime', 'interruption', 'other']],
    'model_provider',
    ['recoverable', trueFalse],
  ],
  lk_agents_tool_calls_total: ['C', 'tool', ['outcome', ['ok', 'error']]],
  lk_agents_tool_duration_seconds: ['H', 'tool'],
  lk_agents_handoffs_total: ['C'],
  lk_agents_agent_state_seconds_total: [
    'C',
    ['state', ['initializing', 'idle', 'listening', 'thinking', 'speaking']],
  ],
  lk_agents_user_state_seconds_total: ['C', ['state', ['speaking', 'listening', 'away']]],
  lk_agents_speech_interrupted_total: ['C'],
  lk_agents_false_interruptions_total: ['C', ['resumed', trueFalse]],
  lk_agents_overlapping_speech_total: ['C', ['interruption', trueFalse]],
  lk_agents_user_transcription_timeouts_total: ['C'],
  lk_agents_transcript_confidence_ratio: ['H'],
  lk_agents_worker_load: ['G', 'nodename'],
  lk_agents_active_job_count: ['G', 'nodename'],
  lk_agents_child_process_count: ['G', 'nodename'],
  lk_agents_proc_initialize_duration_seconds: ['H', 'nodename'],
  lk_agents_job_exits_total: ['C', ['outcome', ['finished', 'crashed', 'killed']]],
  lk_agents_event_loop_blocked_duration_seconds: [
    'H',
    ['severity', ['warning', 'error']],
    ['cause', ['code', 'host']],
  ],
  talkgauge_build_info: ['G', 'version', 'sdk_version', 'node_version'],
  talkgauge_invalid_samples_total: ['C', 'metric', ['reason', ['nan', 'negative', 'absurd', 'missing']]],
  talkgauge_samples_dropped_total: [
    'C',
    [
      'reason',
      [
        ...[
          'queue_full',
          'disconnected',
          'invalid_frame',
          'unknown_metric',
          'unknown_label',
          'invalid_value',
        ],
        ...['series_limit', 'internal_error'],
      ],
    ],
  ],
  talkgauge_duplicate_events_total: ['C', 'type'],
  talkgauge_relay_connections: ['G'],
  talkgauge_relay_frames_total: ['C', ['result', ['ok', 'malformed', 'oversized', 'incompatible']]],
  talkgauge_label_overflow_total: ['C', 'label'],
  talkgauge_series: ['G'],
  talkgauge_price_file_timestamp_seconds: ['G', ['source', ['user', 'builtin']]],
  talkgauge_price_file_reloads_total: ['C', ['result', ['ok', 'failed']]],
};

test.each(Object.entries(fixed))('%s exists with its type and labels', (name, [type, ...labels]) => {
  const spec = catalogue[name];
  expect(spec?.type).toBe({ C: 'counter', G: 'gauge', H: 'histogram' }[type]);
  const expected = labels.map((label) => (typeof label === 'string' ? [label, 'open'] : label));
  expect(spec?.labels).toEqual(Object.fromEntries(expected));
});

describe.each(Object.entries(catalogue))('%s', (name, spec) => {
  test('has a valid Prometheus name with the suffix of its type and unit', () => {
    expect(name).toMatch(/^(lk_agents|talkgauge|nodejs|v8js)(_[a-z0-9]+)+$/);
    expect(name.endsWith('_total')).toBe(spec.type === 'counter');
    if (spec.unit === 'seconds') expect(name).toMatch(/_seconds(_total)?$/);
    if (spec.unit === 'ratio' && name !== 'lk_agents_worker_load') expect(name).toMatch(/_ratio$/);
    // The suffixes of histogram series are reserved, except in names defined by LiveKit.
    if (spec.type !== 'gauge') expect(name).not.toMatch(/_(sum|count|bucket)$/);
  });

  test('documents its meaning, unit and source', () => {
    expect(spec.help).toMatch(/^\S.{10,}\.$/);
    expect(spec.help).not.toContain('\n');
    expect(spec.unit).toMatch(/^[a-z ]+$/);
    expect(spec.source).not.toBe('');
    for (const { of, node } of spec.fields ?? []) expect([of, node].every(Boolean)).toBe(true);
  });

  test('has ascending buckets if it is a histogram, and none otherwise', () => {
    const { buckets } = spec;
    if (spec.type !== 'histogram') return expect(buckets).toBeUndefined();
    expect(buckets!.length).toBeGreaterThan(4);
    expect(buckets).toEqual([...new Set(buckets)].sort((a, b) => a - b));
    return expect(buckets!.every(Number.isFinite)).toBe(true);
  });

  test('has valid label names, without common labels and call identifiers', () => {
    const reserved = [
      'agent_name',
      'agent_version',
      'le',
      'quantile',
      'job',
      'instance',
      'session',
      'room',
      'speech_id',
    ];
    for (const [label, values] of Object.entries(spec.labels)) {
      expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(reserved).not.toContain(label);
      if (values !== 'open') expect(values).toEqual([...new Set(values)]);
    }
  });
});

test('lost jobs are counted by a counter with the label', () => {
  const { metric, labels } = catalogue.lk_agents_sessions_active!.onLost!;
  expect(catalogue[metric]?.labels.close_reason).toContain(labels.close_reason);
});

test.each(['__proto__', 'constructor', 'toString', '', 'lk_agents_telepathy_total'])(
  '%j is not a series',
  (name) => {
    expect(isMetric(name)).toBe(false);
  },
);

test('an observation has its series, labels, value and trace context', () => {
  const exemplar = { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' };
  expect(isMetric('lk_agents_turns_total')).toBe(true);
  expect(observation('lk_agents_handoffs_total', {}, 1, exemplar)).toEqual({
    metric: 'lk_agents_handoffs_total',
    labels: {},
    value: 1,
    exemplar,
  });
});
