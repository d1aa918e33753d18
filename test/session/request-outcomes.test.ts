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
  test('that failed for good is an error', () => {
    const call = new Call();
    fails(call, 'llm', 1000).metrics(failedLlm, 1000).agent('listening', 1010);
    expect(outcomes(call, 'llm')).toEqual({ error: 1 });
  });

  test('that failed while it answered is an error', () => {
    const call = new Call();
    fails(call, 'llm', 1000).metrics(sdk.llmMetrics({ timestamp: start + 1000, durationMs: 700 }), 1000);
    expect(outcomes(call, 'llm')).toEqual({ error: 1 });
    expect(call.values('lk_agents_llm_duration_seconds')).toEqual([]);
  });

  test('that succeeded when it was tried again is none', () => {
    const call = new Call();
    fails(call, 'llm', 1000, { recoverable: true }).metrics(
      sdk.llmMetrics({ timestamp: start + 2000 }),
      2000,
    );
    expect(outcomes(call, 'llm')).toEqual({ ok: 1 });
  });

  test('that a closing session cancels, after it has failed, is an error and no interruption', () => {
    const call = new Call().agent('listening', 0).says({}, 500);
    fails(call, 'llm', 1000)
      .metrics({ ...failedLlm, cancelled: true }, 1000)
      .close('error', 1100);
    expect(outcomes(call, 'llm')).toEqual({ error: 1 });
    expect(call.total('lk_agents_turns_total', { outcome: 'unanswered' })).toBe(1);
  });

  test('that a closing session cancels for another one that failed is cancelled', () => {
    const call = new Call();
    fails(call, 'tts', 1000)
      .metrics(sdk.llmMetrics({ cancelled: true, ttftMs: -1 }), 1001)
      .close('error', 1100);
    expect(outcomes(call, 'llm')).toEqual({ cancelled: 1 });
    expect(outcomes(call, 'tts')).toEqual({ error: 1 });
  });
});

describe('a TTS request', () => {
  test('that failed before its first frame has no metrics event, and is an error when the agent moves on', () => {
    const call = new Call();
    fails(call, 'tts', 1000);
    expect(outcomes(call, 'tts')).toEqual({});
    call.agent('listening', 1001);
    const labels = { ...sdk.model, outcome: 'error', streamed: 'true' };
    expect(call.values('lk_agents_tts_requests_total', labels)).toEqual([1]);
    call.agent('thinking', 2000).close('user_initiated', 3000);
    expect(outcomes(call, 'tts')).toEqual({ error: 1 });
  });

  test('that failed at the end of the call is an error', () => {
    const call = new Call();
    fails(call, 'tts', 1000).close('error', 1001);
    expect(outcomes(call, 'tts')).toEqual({ error: 1 });
  });

  test('that failed after some frames is an error once', () => {
    const call = new Call();
    fails(call, 'tts', 1000)
      .metrics(sdk.ttsMetrics({ timestamp: start + 1000, durationMs: 600 }), 1000)
      .agent('listening', 1100);
    expect(outcomes(call, 'tts')).toEqual({ error: 1 });
  });

  test('of a sentence that failed is an error once', () => {
    const failed = { requestId: '', ttfbMs: -1, audioDurationMs: 0, durationMs: 0, timestamp: start + 1000 };
    const call = new Call();
    fails(call, 'tts', 1000).metrics(sdk.ttsMetrics(failed), 1000).agent('listening', 1100);
    expect(outcomes(call, 'tts')).toEqual({ error: 1 });
  });
});

describe('behind a fallback adapter whose children share a label', () => {
  const metadata = (modelName: string) => ({ modelProvider: 'acme', modelName });
  const adapter = { provider: 'unknown', model: 'unknown' };
  const failure = {
    error: { type: 'tts_error', label: 'acme.TTS', timestamp: start + 5000, recoverable: false },
  };

  test('the success of the second child is not the failure of the first', () => {
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

  test('the error is told of the child that has last answered, for the adapter has no provider', () => {
    const call = new Call()
      .metrics(sdk.ttsMetrics({ metadata: metadata('primary') }), 0)
      .emit('error', { ...failure, source: adapter }, 5000);
    expect(call.total('lk_agents_errors_total', { component: 'tts', model_provider: 'acme' })).toBe(1);
  });

  test('of a child that has never answered nothing is known', () => {
    const call = new Call().emit('error', { ...failure, source: adapter }, 5000).agent('listening', 6000);
    expect(call.total('lk_agents_errors_total', { model_provider: 'unknown' })).toBe(1);
    expect(call.total('lk_agents_tts_requests_total', { model_name: 'unknown', outcome: 'error' })).toBe(1);
  });

  test('that all have failed, as the adapter tells, is no request of its own', () => {
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

  test('in which the model failed is an error; its metrics bear the time of its start', () => {
    const call = new Call();
    fails(call, 'realtime_model', 1000).metrics(
      sdk.realtimeMetrics({ timestamp: start + 200, durationMs: 900 }),
      1100,
    );
    expect(outcomes(call, 'realtime')).toEqual({ error: 1 });
  });

  test('after a failure is none', () => {
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
  ])('%s is of the component %s', (type, component) => {
    const call = new Call().emit('error', { error: { type, label: 'x', recoverable: true }, source });
    const labels = { component, model_provider: 'acme', recoverable: 'true' };
    expect(call.values('lk_agents_errors_total', labels)).toEqual([1]);
  });

  test('of what has no model are of an unknown provider', () => {
    const call = new Call().emit('error', { error: { type: 'stt_error', label: 'x', recoverable: false } });
    const labels = { component: 'stt', model_provider: 'unknown', recoverable: 'false' };
    expect(call.values('lk_agents_errors_total', labels)).toEqual([1]);
  });

  test('of an STT are no requests: its usage reports are', () => {
    const call = new Call();
    fails(call, 'stt', 1000).agent('listening', 1010);
    expect(call.values('lk_agents_stt_requests_total')).toEqual([]);
  });
});
