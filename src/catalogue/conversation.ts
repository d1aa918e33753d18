/**
 * The log records of a conversation: the job emits them during the call, the gateway after a session was uploaded, and
 * boards query them. LiveKit's attribute names are used if there are any; durations are in seconds.
 */

/** The SDK's measurements of a message, under the names of LiveKit's span attributes. */
export const measuredAttributes = [
  'lk.e2e_latency',
  'lk.transcription_delay',
  'lk.end_of_turn_delay',
  'lk.on_user_turn_completed_delay',
  'lk.response.ttft',
  'lk.response.ttfb',
  'lk.playback_latency',
] as const;

export type MeasuredAttributes = { readonly [A in (typeof measuredAttributes)[number]]?: number };

/** The segments of a turn's latency; they sum to `lk.e2e_latency`. */
export const segmentAttributes = [
  'lk.segment.transcription',
  'lk.segment.endpointing',
  'lk.segment.user_hook',
  'lk.segment.llm',
  'lk.segment.tools',
  'lk.segment.tts',
  'lk.segment.unattributed',
] as const;

/** Each record by its `event.name`, with the attributes that it may have. */
export const conversationRecords = {
  'lk.session_start': [],
  'lk.conversation_item': [
    'lk.item_id',
    'lk.role',
    'lk.interrupted',
    'lk.text_length',
    'lk.transcript_confidence',
    ...measuredAttributes,
  ],
  'lk.tool_call': [
    'lk.function_tool.name',
    'lk.function_tool.id',
    'lk.function_tool.is_error',
    'lk.duration',
    'lk.pii.function_tool.arguments',
    'lk.pii.function_tool.output',
  ],
  'lk.turn': [
    'lk.turn.number',
    'lk.turn.outcome',
    'lk.turn.tools',
    'lk.turn.tool_seconds',
    ...measuredAttributes,
    ...segmentAttributes,
  ],
  'lk.handoff': ['lk.old_agent', 'lk.new_agent'],
  'lk.interruption': ['lk.speech_id'],
  'lk.false_interruption': ['lk.resumed'],
  'lk.transcription_timeout': [],
  'lk.error': [
    'lk.error.type',
    'lk.error.recoverable',
    'lk.error.label',
    'lk.model_provider',
    'lk.model_name',
  ],
  'lk.session_end': [
    'lk.close_reason',
    'lk.turns',
    'lk.duration',
    'lk.error.type',
    'lk.slowest_turn',
    'lk.interruptions',
    'lk.tool_calls',
    'lk.tool_errors',
    'lk.errors',
  ],
  'lk.session_report': [
    'lk.report.outcome',
    'lk.report.location',
    'lk.report.session',
    'lk.close_reason',
    'lk.error.type',
    'lk.duration',
    'lk.turns',
    'lk.interruptions',
    'lk.tool_calls',
    'lk.tool_errors',
    'lk.handoffs',
    'lk.errors',
    'lk.e2e_latency.p50',
    'lk.e2e_latency.p95',
    'lk.cost_usd',
    'lk.cost_incomplete',
    'lk.recordings',
  ],
  'lk.recording': [
    'lk.recording.status',
    'lk.recording.media',
    'lk.recording.destination',
    'lk.recording.location',
    'lk.recording.size',
    'lk.egress_id',
    'lk.duration',
    'lk.error.type',
    'lk.error.message',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ConversationRecord = keyof typeof conversationRecords;
export type RecordAttribute<R extends ConversationRecord = ConversationRecord> =
  (typeof conversationRecords)[R][number];
export type RecordAttributes<R extends ConversationRecord = ConversationRecord> = {
  readonly [A in RecordAttribute<R>]?: string | number | boolean;
};

/** The instrumentation scope of the records. */
export const conversationScope = 'talkgauge.conversation';
