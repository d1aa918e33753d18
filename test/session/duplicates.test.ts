import type { metrics } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import { isAdapter } from '../../src/session/duplicates.ts';
import { Call, start } from '../agent/livekit/call.ts';
import * as sdk from '../agent/livekit/sdk-metrics.ts';

const requests = (call: Call) => call.total('lk_agents_llm_requests_total');
const tokens = (call: Call) => call.total('lk_agents_usage_llm_input_tokens_total');
const repeated = (call: Call, type: string) => call.total('talkgauge_duplicate_events_total', { type });

const unknown = { modelProvider: 'unknown', modelName: 'FallbackAdapter' };
/** What the SDK's LLM fallback adapter tells of a request that its child has told of. */
const llmAdapter = (given: Partial<metrics.LLMMetrics> = {}) =>
  sdk.llmMetrics({ label: 'FallbackAdapter', metadata: unknown, ...given });
const ttsAdapter = (given: Partial<metrics.TTSMetrics> = {}) =>
  sdk.ttsMetrics({ label: 'tts.FallbackAdapter', metadata: unknown, streamed: true, ...given });

test.each([
  ['FallbackAdapter', true],
  ['tts.FallbackAdapter', true],
  ['stt.FallbackAdapter', true],
  ['tts.StreamAdapter<acme.TTS>', true],
  ['stt.StreamAdapter<acme.STT>', true],
  ['acme.LLM', false],
  ['acme.FallbackAdapter', false],
  ['MyFallbackAdapter', false],
  ['tts.StreamAdapterWrapper', false],
])('%s is an adapter of the SDK: %j', (label, expected) => expect(isAdapter(label)).toBe(expected));

describe("a fallback adapter's own event is not counted, its child's is", () => {
  test.each([
    ['after it', [sdk.llmMetrics(), llmAdapter()]],
    ['before it', [llmAdapter(), sdk.llmMetrics()]],
    ['with an empty id', [sdk.llmMetrics({ requestId: '' }), llmAdapter({ requestId: '' })]],
    ['with an empty id and before it', [llmAdapter({ requestId: '' }), sdk.llmMetrics({ requestId: '' })]],
  ])('of an LLM, %s', (_, events) => {
    const call = new Call();
    for (const event of events) call.metrics(event);
    expect(call.total('lk_agents_llm_requests_total', { ...sdk.model, outcome: 'ok' })).toBe(1);
    expect(requests(call)).toBe(1);
    expect(tokens(call)).toBe(100);
    expect(call.values('lk_agents_llm_ttft_seconds')).toEqual([0.4]);
    expect(repeated(call, 'llm_metrics')).toBe(1);
  });

  test.each([
    ['after it', [sdk.ttsMetrics(), ttsAdapter()]],
    ['before it', [ttsAdapter(), sdk.ttsMetrics()]],
    ['with an empty id', [sdk.ttsMetrics({ requestId: '' }), ttsAdapter({ requestId: '' })]],
  ])('of a TTS, %s', (_, events) => {
    const call = new Call();
    for (const event of events) call.metrics(event);
    expect(call.total('lk_agents_tts_requests_total', sdk.model)).toBe(1);
    expect(call.total('lk_agents_tts_requests_total')).toBe(1);
    expect(call.total('lk_agents_usage_tts_characters_total')).toBe(30);
    expect(repeated(call, 'tts_metrics')).toBe(1);
  });

  test('when every child has failed: each of them is an error', () => {
    const failed = { requestId: '', ttftMs: -1, promptTokens: 0, completionTokens: 0 };
    const call = new Call()
      .metrics(sdk.llmMetrics({ ...failed, metadata: { modelProvider: 'openai', modelName: 'a' } }))
      .metrics(sdk.llmMetrics({ ...failed, metadata: { modelProvider: 'openai', modelName: 'b' } }))
      .metrics(llmAdapter(failed));
    expect(call.total('lk_agents_llm_requests_total', { model_name: 'a', outcome: 'error' })).toBe(1);
    expect(call.total('lk_agents_llm_requests_total', { model_name: 'b', outcome: 'error' })).toBe(1);
    expect(requests(call)).toBe(2);
  });

  test('of an STT', () => {
    const call = new Call()
      .metrics(sdk.sttMetrics())
      .metrics(sdk.sttMetrics({ label: 'stt.StreamAdapter<acme.STT>' }));
    expect(call.total('lk_agents_stt_requests_total')).toBe(1);
    expect(repeated(call, 'stt_metrics')).toBe(1);
  });
});

test("an adapter of the user's own, under another label, is recognised by the request's id", () => {
  const call = new Call().metrics(sdk.llmMetrics()).metrics(sdk.llmMetrics({ label: 'my.Router' }));
  expect(requests(call)).toBe(1);
  expect(repeated(call, 'llm_metrics')).toBe(1);
});

test('an LLM event that is there twice, as in a recording that was pasted together, is counted once', () => {
  const call = new Call().metrics(sdk.llmMetrics()).metrics(sdk.llmMetrics());
  expect(requests(call)).toBe(1);
  expect(tokens(call)).toBe(100);
});

describe('is counted every time', () => {
  test('a request id that a provider gives again', () => {
    const later = sdk.llmMetrics({ timestamp: start + 900 });
    const call = new Call().metrics(sdk.llmMetrics()).metrics(later);
    expect(requests(call)).toBe(2);
    expect(tokens(call)).toBe(200);
  });

  test('an empty request id', () => {
    const nameless = sdk.llmMetrics({ requestId: '', cancelled: true, ttftMs: -1 });
    expect(requests(new Call().metrics(nameless).metrics({ ...nameless }))).toBe(2);
  });

  test('an empty request id of another model', () => {
    const call = new Call()
      .metrics(sdk.llmMetrics({ requestId: '' }))
      .metrics(sdk.llmMetrics({ requestId: '', label: 'other.LLM' }));
    expect(requests(call)).toBe(2);
  });

  test("a segment of a TTS's stream, which has the stream's request id", () => {
    const call = new Call()
      .metrics(sdk.ttsMetrics({ charactersCount: 30 }))
      .metrics(sdk.ttsMetrics({ charactersCount: 12 }));
    expect(call.total('lk_agents_usage_tts_characters_total')).toBe(42);
  });

  test("a streaming STT's usage, however often its request id comes", () => {
    const call = new Call();
    for (let i = 0; i < 5; i++) call.metrics(sdk.sttMetrics({ streamed: true, durationMs: 0 }));
    expect(call.total('lk_agents_stt_requests_total')).toBe(5);
    expect(call.total('lk_agents_usage_stt_audio_duration_seconds_total')).toBe(25);
  });

  test('an id of an LLM that is one of a TTS too', () => {
    const call = new Call()
      .metrics(sdk.llmMetrics({ requestId: 'x' }))
      .metrics(sdk.ttsMetrics({ requestId: 'x' }));
    expect(requests(call)).toBe(1);
    expect(call.total('lk_agents_tts_requests_total')).toBe(1);
  });

  test('an id that another session has had', () => {
    const [one, other] = [
      new Call().metrics(sdk.llmMetrics()),
      new Call().metrics(sdk.llmMetrics({ label: 'my.Router' })),
    ];
    expect([requests(one), requests(other)]).toEqual([1, 1]);
  });
});

test('a day-long session recognises a repetition among 100 000 requests, and remembers 4096', () => {
  const call = new Call();
  for (let i = 0; i < 100_000; i++) call.metrics(sdk.llmMetrics({ requestId: `r${i}` }));
  expect(requests(call)).toBe(100_000);
  call.metrics(sdk.llmMetrics({ requestId: 'r99999', label: 'my.Router' }));
  expect(requests(call)).toBe(100_000);
  // The first id was forgotten long ago: what bears it now is a request of its own.
  call.metrics(sdk.llmMetrics({ requestId: 'r0', label: 'my.Router' }));
  expect(requests(call)).toBe(100_001);
});
