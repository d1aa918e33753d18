import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { voice } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import { inSeconds } from '../../src/agent/livekit/sdk-event.ts';
import type { MetricName } from '../../src/catalogue/metrics.ts';
import type { Observation } from '../../src/catalogue/observation.ts';
import { SessionObserver } from '../../src/session/session-observer.ts';
import { Call, start, valuesOf } from '../agent/livekit/call.ts';
import { ttsMetrics } from '../agent/livekit/sdk-metrics.ts';

describe('the event log of a real session', () => {
  const observations: Observation[] = [];
  const observers = new Map<string, SessionObserver>();
  const file = join(import.meta.dirname, '../fixtures/sdk-events.jsonl');
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const { session, event, payload } = JSON.parse(line);
    const observer = observers.get(session) ?? new SessionObserver();
    observers.set(session, observer);
    observations.push(...observer.handle(event, inSeconds(event, payload)));
  }
  const shown = (metric: MetricName, labels?: Record<string, string>) => {
    const values = valuesOf(observations, metric, labels);
    return [values.length, values.reduce((total, value) => total + value, 0)];
  };

  // Computed by an independent program from the raw event log.
  test.each<[MetricName, number, number]>([
    ['lk_agents_eou_delay_seconds', 16, 4.908341553],
    ['lk_agents_llm_ttft_seconds', 16, 2.083],
    ['lk_agents_realtime_ttft_seconds', 1, 0.08],
    ['lk_agents_tts_ttfb_seconds', 15, 1.352],
    ['lk_agents_turn_e2e_latency_seconds', 10, 13.572741985],
  ])('%s has %i samples, %f s together', (metric, count, sum) => {
    expect(shown(metric)).toEqual([count, expect.closeTo(sum, 6)]);
  });

  test.each<[MetricName, number]>([
    ['lk_agents_llm_requests_total', 20],
    ['lk_agents_usage_llm_input_tokens_total', 1750],
    ['lk_agents_usage_llm_input_cached_tokens_total', 685],
    ['lk_agents_usage_llm_output_tokens_total', 370],
    ['lk_agents_usage_stt_audio_duration_seconds_total', 111.86],
    ['lk_agents_usage_tts_audio_duration_seconds_total', 57.94],
    ['lk_agents_usage_tts_characters_total', 965],
    ['lk_agents_vad_inference_seconds_total', 0.524],
    ['lk_agents_vad_inferences_total', 19],
    // The segments add up to the latency.
    ['lk_agents_turn_segment_seconds_total', 13.572741985],
    // The parts of the call, counted by hand.
    ['lk_agents_turns_total', 17],
    ['lk_agents_handoffs_total', 1],
    ['lk_agents_user_transcription_timeouts_total', 2],
    ['lk_agents_false_interruptions_total', 1],
    ['lk_agents_errors_total', 7],
    ['lk_agents_tool_calls_total', 4],
    ['lk_agents_sessions_total', 2],
    ['lk_agents_sessions_active', 0],
    ['talkgauge_duplicate_events_total', 0],
  ])('%s is %f', (metric, sum) => expect(shown(metric)[1]).toBeCloseTo(sum, 6));

  test.each<[MetricName, Record<string, string>, number]>([
    ['lk_agents_llm_requests_total', { outcome: 'ok' }, 16],
    ['lk_agents_llm_requests_total', { outcome: 'empty' }, 1],
    ['lk_agents_llm_requests_total', { outcome: 'cancelled' }, 1],
    ['lk_agents_llm_requests_total', { outcome: 'error' }, 2],
    ['lk_agents_tts_requests_total', { outcome: 'ok' }, 15],
    ['lk_agents_tts_requests_total', { outcome: 'error' }, 1],
    ['lk_agents_turns_total', { outcome: 'completed', tools: 'no' }, 7],
    ['lk_agents_turns_total', { outcome: 'completed', tools: 'yes' }, 2],
    ['lk_agents_turns_total', { outcome: 'interrupted' }, 3],
    ['lk_agents_turns_total', { outcome: 'unanswered' }, 5],
    ['lk_agents_errors_total', { component: 'llm', recoverable: 'true' }, 3],
    ['lk_agents_errors_total', { component: 'llm', recoverable: 'false' }, 2],
    ['lk_agents_errors_total', { component: 'tts', recoverable: 'false' }, 1],
    ['lk_agents_errors_total', { component: 'realtime', recoverable: 'true' }, 1],
    ['lk_agents_sessions_total', { close_reason: 'error' }, 1],
    ['lk_agents_sessions_total', { close_reason: 'user_initiated' }, 1],
    ['lk_agents_tool_calls_total', { outcome: 'error' }, 2],
  ])('%s %j is %i', (metric, labels, sum) => expect(shown(metric, labels)[1]).toBe(sum));
});

describe('a session', () => {
  test('is active from its first state until it closes', () => {
    const call = new Call().agent('listening', 0).agent('thinking', 500);
    expect(call.values('lk_agents_sessions_active')).toEqual([1]);
    call.close('user_initiated', 5000);
    expect(call.values('lk_agents_sessions_active')).toEqual([1, -1]);
    expect(call.values('lk_agents_session_duration_seconds')).toEqual([5]);
  });

  test.each([
    ['error', 'error'],
    ['job_shutdown', 'job_shutdown'],
    ['participant_disconnected', 'participant_disconnected'],
    ['user_initiated', 'user_initiated'],
    ['the customer was rude', 'other'],
    ['crashed', 'other'],
    ['constructor', 'other'],
    [undefined, 'other'],
  ])('closed with the reason %j has the close reason %s', (reason, closeReason) => {
    const call = new Call().agent('listening', 0).emit('close', { reason }, 1000);
    expect(call.values('lk_agents_sessions_total')).toEqual([1]);
    expect(call.values('lk_agents_sessions_total', { close_reason: closeReason })).toEqual([1]);
  });

  test('maps every close reason of the SDK', () => {
    for (const reason of Object.values(voice.CloseReason)) {
      const call = new Call().agent('listening', 0).close(reason, 1000);
      expect(call.values('lk_agents_sessions_total', { close_reason: reason })).toEqual([1]);
    }
  });

  test('closed twice is counted as ended once', () => {
    const call = new Call().agent('listening', 0).close('error', 1000).close('job_shutdown', 2000);
    expect(call.values('lk_agents_sessions_total')).toEqual([1]);
    expect(call.total('lk_agents_sessions_active')).toBe(0);
    expect(call.values('lk_agents_session_turns')).toEqual([0]);
  });

  test('closed before it started is counted neither as started nor as ended', () => {
    const call = new Call().close('error', 1000);
    expect(call.observations).toEqual([]);
  });

  test('that is no longer observed is not active and is not counted as ended', () => {
    const call = new Call().agent('listening', 0).metrics(ttsMetrics({ streamed: true }), 100);
    const rest = call.observer.abandoned((start + 4000) / 1000);
    expect(valuesOf(rest, 'lk_agents_sessions_active')).toEqual([-1]);
    expect(valuesOf(rest, 'lk_agents_agent_state_seconds_total')).toEqual([4]);
    expect(valuesOf(rest, 'lk_agents_sessions_total')).toEqual([]);
    // The pending event is counted.
    expect(valuesOf(rest, 'lk_agents_tts_requests_total')).toEqual([1]);
    expect(call.observer.abandoned((start + 5000) / 1000)).toEqual([]);
  });
});

describe('events', () => {
  test.each([
    [0.9, 0.5, 'yes'],
    [0.5, 0.5, 'yes'],
    [0.49, 0.5, 'no'],
  ])(
    'an end-of-turn probability of %f at a threshold of %f is likely: %s',
    (probability, threshold, likely) => {
      const call = new Call().emit('eot_prediction', { probability, threshold });
      expect(call.values('lk_agents_eot_predictions_total', { likely })).toEqual([1]);
    },
  );

  test('overlaps are counted by interruption or not', () => {
    const call = new Call()
      .emit('overlapping_speech', { isInterruption: true })
      .emit('overlapping_speech', { isInterruption: false });
    expect(call.values('lk_agents_overlapping_speech_total', { interruption: 'true' })).toEqual([1]);
    expect(call.values('lk_agents_overlapping_speech_total', { interruption: 'false' })).toEqual([1]);
  });

  test('a speech is counted as interrupted when it is done and its interrupted flag is set', () => {
    const call = new Call()
      .emit('speech_done', { speechHandle: { id: 'a', interrupted: true } })
      .emit('speech_done', { speechHandle: { id: 'b', interrupted: false } });
    expect(call.values('lk_agents_speech_interrupted_total')).toEqual([1]);
  });

  test('the first agent is not counted as a handoff, and the second is', () => {
    const handoff = (oldAgentId?: string) => ({
      item: { type: 'agent_handoff', oldAgentId, newAgentId: 'next' },
    });
    const call = new Call().emit('conversation_item_added', handoff());
    expect(call.observations).toEqual([]);
    call.emit('conversation_item_added', handoff('first'));
    expect(call.values('lk_agents_handoffs_total')).toEqual([1]);
  });

  test.each(['user_input_transcribed', 'session_usage_updated', 'debug_message'] as const)(
    '%s yields no observations, because another event has the same data',
    (name) => {
      expect(new Call().emit(name, {}).observations).toEqual([]);
    },
  );

  test('every event of the SDK has a handler', () => {
    const observer = new SessionObserver();
    expect(Object.values(voice.AgentSessionEventTypes).filter((name) => !observer.knows(name))).toEqual([]);
  });

  test.each(['telepathy', '__proto__', 'constructor', ''])('the unknown event %j is ignored', (name) => {
    expect(new SessionObserver().knows(name)).toBe(false);
  });

  test('a malformed event is counted as an error, and the next event is processed', () => {
    const call = new Call();
    expect(() => call.emit('metrics_collected', {})).toThrow();
    expect(() => call.emit('conversation_item_added', { item: null })).toThrow();
    expect(() => call.emit('error', {})).toThrow();
    expect(call.agent('listening', 0).values('lk_agents_sessions_active')).toEqual([1]);
  });
});
