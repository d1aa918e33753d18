import { describe, expect, test } from 'vitest';
import { Call, start } from '../agent/livekit/call.ts';
import * as sdk from '../agent/livekit/sdk-metrics.ts';

const source = { provider: 'acme', model: 'm-1' };
/** An error of a model; `at` is in milliseconds since the call began. */
const fails = (
  call: Call,
  component: 'llm' | 'tts' | 'realtime_model' | 'stt',
  at: number,
  given: object = {},
) =>
  call.emit(
    'error',
    {
      error: {
        type: `${component}_error`,
        label: { llm: 'acme.LLM', tts: 'acme.TTS', realtime_model: 'acme.RealtimeModel', stt: 'acme.STT' }[
          component
        ],
        timestamp: start + at,
        recoverable: false,
        error: new Error('503'),
        ...given,
      },
      source,
    },
    at,
  );

const outcomes = (call: Call, series: 'llm' | 'tts' | 'realtime') =>
  Object.fromEntries(
    ['ok', 'empty', 'cancelled', 'error']
      .map((outcome) => [outcome, call.total(`lk_agents_${series}_requests_total`, { outcome })])
      .filter(([, count]) => count),
  );
const failedLlm = sdk.llmMetrics({ requestId: '', ttftMs: -1, durationMs: 2, timestamp: start + 1000 });

describe('an LLM request', () => {
  test('with an unrecoverable failure is an error', () => {
    const call = new Call();
    fails(call, 'llm', 1000).metrics(failedLlm, 1000).agent('listening', 1010);
    expect(outcomes(call, 'llm')).toEqual({ error: 1 });
  });

  test('that fails while it streams is an error', () => {
    const call = new Call();
    fails(call, 'llm', 1000).metrics(sdk.llmMetrics({ timestamp: start + 1000, durationMs: 700 }), 1000);
    expect(outcomes(call, 'llm')).toEqual({ error: 1 });
    expect(call.values('lk_agents_llm_duration_seconds')).toEqual([]);
  });

  test('that succeeds on retry is not an error', () => {
    const call = new Call();
    fails(call, 'llm', 1000, { recoverable: true }).metrics(
      sdk.llmMetrics({ timestamp: start + 2000 }),
      2000,
    );
    expect(outcomes(call, 'llm')).toEqual({ ok: 1 });
  });

  test('cancelled by a closing session after it failed is an error and not cancelled', () => {
    const call = new Call().agent('listening', 0).says({}, 500);
    fails(call, 'llm', 1000)
      .metrics({ ...failedLlm, cancelled: true }, 1000)
      .close('error', 1100);
    expect(outcomes(call, 'llm')).toEqual({ error: 1 });
    expect(call.total('lk_agents_turns_total', { outcome: 'unanswered' })).toBe(1);
  });

  test('cancelled by a closing session because another request failed is cancelled', () => {
    const call = new Call();
    fails(call, 'tts', 1000)
      .metrics(sdk.llmMetrics({ cancelled: true, ttftMs: -1 }), 1001)
      .close('error', 1100);
    expect(outcomes(call, 'llm')).toEqual({ cancelled: 1 });
    expect(outcomes(call, 'tts')).toEqual({ error: 1 });
  });
});

describe('a TTS request', () => {
  test('that fails before its first frame, without a metrics event, is an error at the next agent state', () => {
    const call = new Call();
    fails(call, 'tts', 1000);
    expect(outcomes(call, 'tts')).toEqual({});
    call.agent('listening', 1001);
    const labels = { ...sdk.model, outcome: 'error', streamed: 'true' };
    expect(call.values('lk_agents_tts_requests_total', labels)).toEqual([1]);
    call.agent('thinking', 2000).close('user_initiated', 3000);
    expect(outcomes(call, 'tts')).toEqual({ error: 1 });
  });

  test('that fails at the end of the call is an error', () => {
    const call = new Call();
    fails(call, 'tts', 1000).close('error', 1001);
    expect(outcomes(call, 'tts')).toEqual({ error: 1 });
  });

  test('that fails after some frames is one error', () => {
    const call = new Call();
    fails(call, 'tts', 1000)
      .metrics(sdk.ttsMetrics({ timestamp: start + 1000, durationMs: 600 }), 1000)
      .agent('listening', 1100);
    expect(outcomes(call, 'tts')).toEqual({ error: 1 });
  });

  test('of a failed sentence is one error', () => {
    const failed = { requestId: '', ttfbMs: -1, audioDurationMs: 0, durationMs: 0, timestamp: start + 1000 };
    const call = new Call();
    fails(call, 'tts', 1000).metrics(sdk.ttsMetrics(failed), 1000).agent('listening', 1100);
    expect(outcomes(call, 'tts')).toEqual({ error: 1 });
  });
});

describe('behind a fallback adapter with children of the same label', () => {
  const metadata = (modelName: string) => ({ modelProvider: 'acme', modelName });
  const adapter = { provider: 'unknown', model: 'unknown' };
  const failure = {
    error: { type: 'tts_error', label: 'acme.TTS', timestamp: start + 5000, recoverable: false },
  };

  test('a success of the second child is not counted as a failure of the first', () => {
    const call = new Call()
      .metrics(sdk.ttsMetrics({ requestId: 'r1', metadata: metadata('primary') }), 0)
      .emit('error', { ...failure, source: adapter }, 5000)
      .metrics(
        sdk.ttsMetrics({
          requestId: 'r2',
          metadata: metadata('backup'),
          timestamp: start + 5400,
          durationMs: 380,
        }),
        5400,
      )
      .agent('listening', 9000);
    expect(call.total('lk_agents_tts_requests_total', { model_name: 'primary', outcome: 'ok' })).toBe(1);
    expect(call.total('lk_agents_tts_requests_total', { model_name: 'backup', outcome: 'ok' })).toBe(1);
    expect(call.total('lk_agents_tts_requests_total', { model_name: 'primary', outcome: 'error' })).toBe(1);
    expect(call.total('lk_agents_tts_requests_total')).toBe(3);
  });

  test('the error is attributed to the last child that responded, because the adapter has no provider', () => {
    const call = new Call()
      .metrics(sdk.ttsMetrics({ metadata: metadata('primary') }), 0)
      .emit('error', { ...failure, source: adapter }, 5000);
    expect(call.total('lk_agents_errors_total', { component: 'tts', model_provider: 'acme' })).toBe(1);
  });

  test('the error of a child that never responded has an unknown provider', () => {
    const call = new Call().emit('error', { ...failure, source: adapter }, 5000).agent('listening', 6000);
    expect(call.total('lk_agents_errors_total', { model_provider: 'unknown' })).toBe(1);
    expect(call.total('lk_agents_tts_requests_total', { model_name: 'unknown', outcome: 'error' })).toBe(1);
  });

  test("the adapter's own event for failed children is not counted as a request", () => {
    const call = new Call();
    fails(call, 'llm', 1000, { label: 'FallbackAdapter' }).agent('listening', 1010);
    expect(outcomes(call, 'llm')).toEqual({});
    expect(call.total('lk_agents_errors_total', { component: 'llm', recoverable: 'false' })).toBe(1);
  });
});

describe('a realtime response', () => {
  test.each([
    ['ok', {}],
    ['cancelled', { cancelled: true }],
    ['empty', { ttftMs: -1, outputTokens: 0 }],
  ])('is %s', (outcome, given) => {
    expect(outcomes(new Call().metrics(sdk.realtimeMetrics(given)), 'realtime')).toEqual({ [outcome]: 1 });
  });

  test('with a model failure is an error, matched by its start time', () => {
    const call = new Call();
    fails(call, 'realtime_model', 1000).metrics(
      sdk.realtimeMetrics({ timestamp: start + 200, durationMs: 900 }),
      1100,
    );
    expect(outcomes(call, 'realtime')).toEqual({ error: 1 });
  });

  test('after a failure is not an error', () => {
    const call = new Call();
    fails(call, 'realtime_model', 1000)
      .metrics(sdk.realtimeMetrics({ timestamp: start + 1500, durationMs: 900 }), 2400)
      .agent('listening', 3000);
    expect(outcomes(call, 'realtime')).toEqual({ ok: 1, error: 1 });
  });
});

describe('errors', () => {
  test.each([
    ['llm_error', 'llm'],
    ['stt_error', 'stt'],
    ['tts_error', 'tts'],
    ['realtime_model_error', 'realtime'],
    ['interruption_detection_error', 'interruption'],
    ['avatar_error', 'other'],
  ])('%s has the component %s', (type, component) => {
    const call = new Call().emit('error', { error: { type, label: 'x', recoverable: true }, source });
    const labels = { component, model_provider: 'acme', recoverable: 'true' };
    expect(call.values('lk_agents_errors_total', labels)).toEqual([1]);
  });

  test('without a model have an unknown provider', () => {
    const call = new Call().emit('error', { error: { type: 'stt_error', label: 'x', recoverable: false } });
    const labels = { component: 'stt', model_provider: 'unknown', recoverable: 'false' };
    expect(call.values('lk_agents_errors_total', labels)).toEqual([1]);
  });

  test('of an STT are not counted as requests, because its usage reports are', () => {
    const call = new Call();
    fails(call, 'stt', 1000).agent('listening', 1010);
    expect(call.values('lk_agents_stt_requests_total')).toEqual([]);
  });
});
