import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inSeconds } from '../../src/agent/livekit/sdk-event.ts';
import { catalogue } from '../../src/catalogue/metrics.ts';
import type { Observation } from '../../src/catalogue/observation.ts';
import { guarded, unguarded } from '../../src/monitoring/measurement.ts';
import { SessionObserver } from '../../src/session/session-observer.ts';

/** Emits the session events that give a series a value (in its unit). Returns the observations. */
type Emit = (value: number) => Observation[];

const ms = (seconds: number) => seconds * 1000;
const session = (...events: readonly (readonly [string, object])[]): Observation[] => {
  const observer = new SessionObserver();
  return events.flatMap(([name, event]) =>
    observer.handle(name as 'close', inSeconds(name as 'close', event as never)),
  );
};
const metrics = (event: object): Observation[] =>
  session(['metrics_collected', { metrics: { label: 'a.Plugin', ...event } }]);
const llm = (field: object) =>
  metrics({ type: 'llm_metrics', requestId: 'r', ttftMs: 1, durationMs: 1, ...field });
const realtime = (field: object) =>
  metrics({ type: 'realtime_model_metrics', ttftMs: 1, durationMs: 1, inputTokens: 1, ...field });
const tts = (field: object) => metrics({ type: 'tts_metrics', requestId: 'r', durationMs: 1, ...field });
const eou = (field: object) =>
  metrics({ type: 'eou_metrics', endOfUtteranceDelayMs: 1, transcriptionDelayMs: 1, ...field });
const eot = (field: object) => metrics({ type: 'eot_inference_metrics', numRequests: 1, ...field });
const interruption = (field: object) => metrics({ type: 'interruption_metrics', numRequests: 1, ...field });
const message = (role: string, report: object, rest: object = {}) =>
  session(['conversation_item_added', { item: { type: 'message', role, metrics: report, ...rest } }]);
const agent = (newState: string, createdAt: number) =>
  ['agent_state_changed', { newState, createdAt }] as const;

const start = 1_000_000;
const emit: Record<string, Emit> = {
  lk_agents_turn_transcription_delay_seconds: (value) => message('user', { transcriptionDelay: value }),
  lk_agents_turn_end_of_turn_delay_seconds: (value) => message('user', { endOfTurnDelay: value }),
  lk_agents_turn_on_user_turn_completed_delay_seconds: (value) =>
    message('user', { onUserTurnCompletedDelay: value }),
  lk_agents_turn_playback_latency_seconds: (value) => message('assistant', { playbackLatency: value }),
  lk_agents_turn_e2e_latency_seconds: (value) => message('assistant', { e2eLatency: value }),
  lk_agents_turn_llm_ttft_seconds: (value) => message('assistant', { llmNodeTtft: value }),
  lk_agents_turn_tts_ttfb_seconds: (value) => message('assistant', { ttsNodeTtfb: value }),
  lk_agents_transcript_confidence_ratio: (value) => message('user', {}, { transcriptConfidence: value }),
  lk_agents_eou_delay_seconds: (value) => eou({ endOfUtteranceDelayMs: ms(value) }),
  lk_agents_eou_transcription_delay_seconds: (value) => eou({ transcriptionDelayMs: ms(value) }),
  lk_agents_eou_on_user_turn_completed_delay_seconds: (value) =>
    eou({ onUserTurnCompletedDelayMs: ms(value) }),
  lk_agents_llm_ttft_seconds: (value) => llm({ ttftMs: ms(value) }),
  lk_agents_llm_duration_seconds: (value) => llm({ durationMs: ms(value) }),
  lk_agents_llm_tokens_per_second: (value) => llm({ tokensPerSecond: value }),
  lk_agents_stt_duration_seconds: (value) =>
    metrics({ type: 'stt_metrics', streamed: false, durationMs: ms(value) }),
  lk_agents_tts_ttfb_seconds: (value) => tts({ ttfbMs: ms(value) }),
  lk_agents_tts_duration_seconds: (value) => tts({ durationMs: ms(value) }),
  lk_agents_realtime_ttft_seconds: (value) => realtime({ ttftMs: ms(value) }),
  lk_agents_realtime_duration_seconds: (value) => realtime({ durationMs: ms(value) }),
  lk_agents_realtime_tokens_per_second: (value) => realtime({ tokensPerSecond: value }),
  lk_agents_connection_acquire_seconds: (value) => realtime({ acquireTimeMs: ms(value) }),
  lk_agents_eot_total_duration_seconds: (value) => eot({ totalDuration: ms(value) }),
  lk_agents_eot_prediction_duration_seconds: (value) => eot({ predictionDuration: ms(value) }),
  lk_agents_eot_detection_delay_seconds: (value) => eot({ detectionDelay: ms(value) }),
  lk_agents_interruption_total_duration_seconds: (value) => interruption({ totalDuration: ms(value) }),
  lk_agents_interruption_prediction_duration_seconds: (value) =>
    interruption({ predictionDuration: ms(value) }),
  lk_agents_interruption_detection_delay_seconds: (value) => interruption({ detectionDelay: ms(value) }),
  lk_agents_avatar_playback_latency_seconds: (value) =>
    metrics({ type: 'avatar_metrics', playbackLatencyMs: ms(value) }),
  lk_agents_avatar_join_duration_seconds: (value) =>
    metrics({ type: 'avatar_metrics', sessionStartedAt: start, avatarJoinedAt: start + ms(value) }),
  lk_agents_tool_duration_seconds: (value) =>
    session([
      'function_tools_executed',
      {
        functionCalls: [{ name: 'book', createdAt: start }],
        functionCallOutputs: [{ isError: false, createdAt: start + ms(value) }],
      },
    ]),
  lk_agents_first_response_seconds: (value) =>
    session(agent('listening', start), agent('speaking', start + ms(value))),
  lk_agents_dead_air_seconds: (value) =>
    session(agent('speaking', start), agent('listening', start), agent('speaking', start + ms(value))),
  lk_agents_session_duration_seconds: (value) =>
    session(agent('listening', start), ['close', { reason: 'error', createdAt: start + ms(value) }]),
};

/** The result for a value: `observed`, or the reason why it was refused. */
function resultFor(metric: string, value: number): string | undefined {
  const observations = emit[metric]?.(value) ?? [];
  const refused = observations.find(
    (sample) => sample.metric === 'talkgauge_invalid_samples_total' && sample.labels.metric === metric,
  );
  if (refused) return refused.labels.reason;
  const observed = observations.find((sample) => sample.metric === metric);
  return observed && Math.abs(observed.value - value) <= 1e-9 * value ? 'observed' : undefined;
}

const cases = guarded.flatMap(({ metrics: names, ...rule }) => names.map((name) => ({ name, ...rule })));

test.each(cases)(
  'invalid values of $name are refused for the documented reasons',
  ({ name, max, zeroIsMissing }) => {
    const expected = (value: number) =>
      value === 0 && zeroIsMissing ? 'missing' : value < 0 ? 'negative' : value > max ? 'absurd' : 'observed';
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double({ min: 0.001, max, noNaN: true }),
          fc.double({ min: max * 1.001, max: max * 1000, noNaN: true }),
          fc.double({ min: -1000 * max - 2, max: -2, noNaN: true }),
        ),
        (value) => {
          expect(resultFor(name, value)).toBe(expected(value));
        },
      ),
      { numRuns: 50, examples: [[0], [max], [max * 1.001], [-5]] },
    );
    expect(resultFor(name, Number.NaN)).toBe('nan');
    // The sentinel is -1 in the unit of the field: -1 ms for fields in milliseconds.
    expect([resultFor(name, -0.001), resultFor(name, -1)]).toContain('missing');
  },
);

test('no series is documented twice, or as both guarded and unguarded', () => {
  const documented = [...cases.map(({ name }) => name), ...Object.keys(unguarded)];
  expect(documented.length).toBe(new Set(documented).size);
  expect(documented.filter((name) => catalogue[name]?.type !== 'histogram')).toEqual([]);
});
