/** The labels that identify models in LiveKit's own metrics. Both default to `unknown`, as in the SDK. */
export const model = { model_provider: 'open', model_name: 'open' } as const;

export const yesNo = ['yes', 'no'] as const;
export const trueFalse = ['true', 'false'] as const;

/** The outcome of a request to a model; `empty`: it succeeded without output. */
export const requestOutcomes = ['ok', 'empty', 'cancelled', 'error'] as const;

export const agentStates = ['initializing', 'idle', 'listening', 'thinking', 'speaking'] as const;
export const userStates = ['speaking', 'listening', 'away'] as const;

/** The SDK's `CloseReason`, `other` for a user-defined reason, `crashed` for a job that crashed first. */
export const closeReasons = [
  'error',
  'job_shutdown',
  'participant_disconnected',
  'user_initiated',
  'other',
  'crashed',
] as const;

/** The parts of a turn's latency, in the order in which they happen; they sum to the whole. */
export const segments = [
  'transcription',
  'endpointing',
  'user_hook',
  'llm',
  'tools',
  'tts',
  'unattributed',
] as const;

/** The requests to each kind of model: the first one makes a model known. */
export const requestSeries = {
  llm: 'lk_agents_llm_requests_total',
  stt: 'lk_agents_stt_requests_total',
  tts: 'lk_agents_tts_requests_total',
  realtime: 'lk_agents_realtime_requests_total',
  interruption: 'lk_agents_interruption_requests_total',
  eot: 'lk_agents_eot_requests_total',
} as const;

/** The billed components of an agent: the kinds of models whose usage the SDK reports. */
export const billedComponents = ['llm', 'stt', 'tts', 'realtime', 'interruption', 'eot'] as const;

/**
 * The units of billing. Tokens are disjoint: each is counted under one unit, by its kind and by whether it came from the
 * cache. Characters, seconds of audio and tokens of one synthesis measure the same thing; a model's price says in which of
 * them it is billed.
 */
export const billableUnits = [
  'input_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'input_audio_tokens',
  'cached_input_audio_tokens',
  'output_audio_tokens',
  'input_image_tokens',
  'cached_input_image_tokens',
  'output_image_tokens',
  'characters',
  'audio_seconds',
  'audio_seconds_without_tokens',
  'session_seconds',
  'requests',
] as const;

export type BillableUnit = (typeof billableUnits)[number];

export const components = ['llm', 'stt', 'tts', 'realtime', 'interruption', 'other'] as const;
