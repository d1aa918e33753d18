import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A line of the oracle: an event recorded by a job's own listeners, independently of Talkgauge. */
interface Line {
  job: string;
  event: string;
  facts: Record<string, unknown> & { metadata?: { modelName?: string } };
}

export function readOracle(directory: string): Line[] {
  return readdirSync(directory).flatMap((file) =>
    readFileSync(join(directory, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line),
  );
}

/** A series, optionally with labels, and its expected value from all jobs together. */
export interface Expectation {
  series: string;
  labels?: Record<string, string>;
  value: number;
}

/** Models without streaming. An adapter also reports their metrics, under their name. */
const notStreaming = new Set(['gpt-4o-mini-tts']);

/** Whether a request is reported again by an adapter that wraps the model. */
const repeated = ({ event, facts }: Line) =>
  String(facts.label).includes('FallbackAdapter') ||
  (event === 'tts_metrics' && facts.streamed === true && notStreaming.has(facts.metadata?.modelName ?? ''));

/** The expected series after a run with these lines. */
export function expectations(lines: readonly Line[]): Expectation[] {
  const of = (event: string) => lines.filter((line) => line.event === event && !repeated(line));
  const count = (event: string, which: Record<string, unknown> = {}) =>
    of(event).filter(({ facts }) => Object.entries(which).every(([name, value]) => facts[name] === value))
      .length;
  const sum = (event: string, fact: string, scale = 1) => sumOf(of(event), fact, scale);
  const e2e = of('assistant_message').flatMap(({ facts }) =>
    typeof facts.e2eLatency === 'number' && facts.e2eLatency >= 0 ? [facts.e2eLatency] : [],
  );
  const closed = (reason: string) => ({
    series: 'lk_agents_sessions_total',
    labels: { close_reason: reason },
    value: count('close', { reason }),
  });
  const usage = (what: string, value: number) => ({ series: `lk_agents_usage_${what}_total`, value });
  return [
    { series: 'lk_agents_turn_e2e_latency_seconds_count', value: e2e.length },
    { series: 'lk_agents_turn_e2e_latency_seconds_sum', value: e2e.reduce((a, b) => a + b, 0) },
    { series: 'lk_agents_turn_segment_seconds_total', value: e2e.reduce((a, b) => a + b, 0) },
    { series: 'lk_agents_llm_requests_total', value: count('llm_metrics') },
    {
      series: 'lk_agents_tts_ttfb_seconds_count',
      value: of('tts_metrics').filter(({ facts }) => Number(facts.ttfbMs) >= 0).length,
    },
    { series: 'lk_agents_stt_requests_total', value: count('stt_metrics') },
    { series: 'lk_agents_realtime_requests_total', value: count('realtime_model_metrics') },
    { series: 'lk_agents_vad_inferences_total', value: sum('vad_metrics', 'inferenceCount') },
    { series: 'lk_agents_eou_events_total', value: count('eou_metrics') },
    { series: 'lk_agents_eot_requests_total', value: sum('eot_inference_metrics', 'numRequests') },
    { series: 'lk_agents_eot_predictions_total', value: count('eot_prediction') },
    { series: 'lk_agents_interruption_requests_total', value: sum('interruption_metrics', 'numRequests') },
    {
      series: 'lk_agents_interruption_detected_total',
      value: sum('interruption_metrics', 'numInterruptions'),
    },
    {
      series: 'lk_agents_interruption_backchannels_total',
      value: sum('interruption_metrics', 'numBackchannels'),
    },
    { series: 'lk_agents_overlapping_speech_total', value: count('overlapping_speech') },
    { series: 'lk_agents_false_interruptions_total', value: count('false_interruption') },
    { series: 'lk_agents_user_transcription_timeouts_total', value: count('transcription_timeout') },
    { series: 'lk_agents_handoffs_total', value: of('handoff').filter(({ facts }) => facts.from).length },
    {
      series: 'lk_agents_tool_calls_total',
      labels: { outcome: 'ok' },
      value: count('tool', { isError: false }),
    },
    {
      series: 'lk_agents_tool_calls_total',
      labels: { outcome: 'error' },
      value: count('tool', { isError: true }),
    },
    closed('participant_disconnected'),
    closed('user_initiated'),
    closed('job_shutdown'),
    closed('error'),
    {
      series: 'lk_agents_sessions_total',
      labels: { close_reason: 'crashed' },
      value: count('observed') - count('close'),
    },
    usage(
      'llm_input_tokens',
      sum('llm_metrics', 'promptTokens') + sum('realtime_model_metrics', 'inputTokens'),
    ),
    usage(
      'llm_output_tokens',
      sum('llm_metrics', 'completionTokens') + sum('realtime_model_metrics', 'outputTokens'),
    ),
    usage('llm_cache_creation_tokens', sum('llm_metrics', 'cacheCreationTokens')),
    usage('tts_characters', sum('tts_metrics', 'charactersCount')),
    usage('tts_audio_duration_seconds', sum('tts_metrics', 'audioDurationMs', 0.001)),
    usage('tts_output_tokens', sum('tts_metrics', 'outputTokens')),
    usage('stt_audio_duration_seconds', sum('stt_metrics', 'audioDurationMs', 0.001)),
    usage('stt_input_tokens', sum('stt_metrics', 'inputTokens')),
    { series: 'lk_agents_cost_usd_total', labels: { component: 'tts' }, value: ttsCost(of('tts_metrics')) },
    {
      series: 'lk_agents_cost_usd_total',
      labels: { model_name: 'grok-voice-agent' },
      value: (sum('realtime_model_metrics', 'sessionDurationMs') / 60_000) * 0.05,
    },
    {
      series: 'lk_agents_cost_unpriced_usage_total',
      value: sumOf(
        of('stt_metrics').filter(({ facts }) => facts.metadata?.modelName === 'faster-whisper-large-v3'),
        'audioDurationMs',
        0.001,
      ),
    },
  ];
}

/** The TTS cost in dollars: two models bill by character, one by token. */
function ttsCost(lines: readonly Line[]): number {
  const of = (model: string) => lines.filter(({ facts }) => facts.metadata?.modelName === model);
  return (
    sumOf(of('sonic-2'), 'charactersCount', 50 / 1e6) +
    sumOf(of('eleven_flash_v2_5'), 'charactersCount', 0.05 / 1000) +
    sumOf(of('gpt-4o-mini-tts'), 'inputTokens', 0.6 / 1e6) +
    sumOf(of('gpt-4o-mini-tts'), 'outputTokens', 12 / 1e6)
  );
}

const sumOf = (lines: readonly Line[], fact: string, scale = 1): number =>
  lines.reduce((total, { facts }) => total + Number(facts[fact] ?? 0) * scale, 0);

/** The sum of a series over all its label sets, or over those with the given labels. */
export function total(exposition: string, series: string, labels: Record<string, string> = {}): number {
  let sum = 0;
  for (const line of exposition.split('\n')) {
    const [, name, set = '', value] = line.match(/^([a-zA-Z0-9_:]+)(?:\{(.*)\})? (\S+)/) ?? [];
    if (name !== series) continue;
    if (Object.entries(labels).every(([label, wanted]) => set.includes(`${label}="${wanted}"`)))
      sum += Number(value);
  }
  return sum;
}
