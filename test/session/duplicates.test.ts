import type { metrics } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import { isAdapter } from '../../src/private-apis/readers.ts';
import { Call, start } from '../agent/livekit/call.ts';
import * as sdk from '../agent/livekit/sdk-metrics.ts';
import { llmMetrics, ttsMetrics } from '../agent/livekit/sdk-metrics.ts';

const requests = (call: Call) => call.total('lk_agents_llm_requests_total');
const tokens = (call: Call) => call.total('lk_agents_usage_llm_input_tokens_total');
const repeated = (call: Call, type: string) => call.total('talkgauge_duplicate_events_total', { type });

const unknown = { modelProvider: 'unknown', modelName: 'FallbackAdapter' };
/** The SDK's LLM fallback adapter's own event for a request that its child has already reported. */
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

describe("a fallback adapter's own event is not counted, and its child's event is", () => {
  test.each([
    ["reported after the child's", [sdk.llmMetrics(), llmAdapter()]],
    ["reported before the child's", [llmAdapter(), sdk.llmMetrics()]],
    ['with an empty id', [sdk.llmMetrics({ requestId: '' }), llmAdapter({ requestId: '' })]],
    [
      "with an empty id, reported before the child's",
      [llmAdapter({ requestId: '' }), sdk.llmMetrics({ requestId: '' })],
    ],
  ])('for an LLM, %s', (_, events) => {
    const call = new Call();
    for (const event of events) call.metrics(event);
    expect(call.total('lk_agents_llm_requests_total', { ...sdk.model, outcome: 'ok' })).toBe(1);
    expect(requests(call)).toBe(1);
    expect(tokens(call)).toBe(100);
    expect(call.values('lk_agents_llm_ttft_seconds')).toEqual([0.4]);
    expect(repeated(call, 'llm_metrics')).toBe(1);
  });

  test.each([
    ["reported after the child's", [sdk.ttsMetrics(), ttsAdapter()]],
    ["reported before the child's", [ttsAdapter(), sdk.ttsMetrics()]],
    ['with an empty id', [sdk.ttsMetrics({ requestId: '' }), ttsAdapter({ requestId: '' })]],
  ])('for a TTS, %s', (_, events) => {
    const call = new Call();
    for (const event of events) call.metrics(event);
    expect(call.total('lk_agents_tts_requests_total', sdk.model)).toBe(1);
    expect(call.total('lk_agents_tts_requests_total')).toBe(1);
    expect(call.total('lk_agents_usage_tts_characters_total')).toBe(30);
    expect(repeated(call, 'tts_metrics')).toBe(1);
  });

  test('each child counts as an error when all children fail', () => {
    const failed = { requestId: '', ttftMs: -1, promptTokens: 0, completionTokens: 0 };
    const call = new Call()
      .metrics(sdk.llmMetrics({ ...failed, metadata: { modelProvider: 'openai', modelName: 'a' } }))
      .metrics(sdk.llmMetrics({ ...failed, metadata: { modelProvider: 'openai', modelName: 'b' } }))
      .metrics(llmAdapter(failed));
    expect(call.total('lk_agents_llm_requests_total', { model_name: 'a', outcome: 'error' })).toBe(1);
    expect(call.total('lk_agents_llm_requests_total', { model_name: 'b', outcome: 'error' })).toBe(1);
    expect(requests(call)).toBe(2);
  });

  test('for an STT', () => {
    const call = new Call()
      .metrics(sdk.sttMetrics())
      .metrics(sdk.sttMetrics({ label: 'stt.StreamAdapter<acme.STT>' }));
    expect(call.total('lk_agents_stt_requests_total')).toBe(1);
    expect(repeated(call, 'stt_metrics')).toBe(1);
  });
});

test('a user-defined adapter with another label is recognised by the request id', () => {
  const call = new Call().metrics(sdk.llmMetrics()).metrics(sdk.llmMetrics({ label: 'my.Router' }));
  expect(requests(call)).toBe(1);
  expect(repeated(call, 'llm_metrics')).toBe(1);
});

test('an LLM event that appears twice, as in a concatenated event log, is counted once', () => {
  const call = new Call().metrics(sdk.llmMetrics()).metrics(sdk.llmMetrics());
  expect(requests(call)).toBe(1);
  expect(tokens(call)).toBe(100);
});

describe('each event is counted', () => {
  test('when a provider reuses a request id', () => {
    const later = sdk.llmMetrics({ timestamp: start + 900 });
    const call = new Call().metrics(sdk.llmMetrics()).metrics(later);
    expect(requests(call)).toBe(2);
    expect(tokens(call)).toBe(200);
  });

  test('when the request id is empty', () => {
    const nameless = sdk.llmMetrics({ requestId: '', cancelled: true, ttftMs: -1 });
    expect(requests(new Call().metrics(nameless).metrics({ ...nameless }))).toBe(2);
  });

  test('when the request id of another model is empty', () => {
    const call = new Call()
      .metrics(sdk.llmMetrics({ requestId: '' }))
      .metrics(sdk.llmMetrics({ requestId: '', label: 'other.LLM' }));
    expect(requests(call)).toBe(2);
  });

  test('when segments of a TTS stream share its request id', () => {
    const call = new Call()
      .metrics(sdk.ttsMetrics({ charactersCount: 30 }))
      .metrics(sdk.ttsMetrics({ charactersCount: 12 }));
    expect(call.total('lk_agents_usage_tts_characters_total')).toBe(42);
  });

  test('when usage reports of a streaming STT repeat its request id', () => {
    const call = new Call();
    for (let i = 0; i < 5; i++) call.metrics(sdk.sttMetrics({ streamed: true, durationMs: 0 }));
    expect(call.total('lk_agents_stt_requests_total')).toBe(5);
    expect(call.total('lk_agents_usage_stt_audio_duration_seconds_total')).toBe(25);
  });

  test('when an LLM and a TTS use the same id', () => {
    const call = new Call()
      .metrics(sdk.llmMetrics({ requestId: 'x' }))
      .metrics(sdk.ttsMetrics({ requestId: 'x' }));
    expect(requests(call)).toBe(1);
    expect(call.total('lk_agents_tts_requests_total')).toBe(1);
  });

  test('when another session used the same id', () => {
    const [one, other] = [
      new Call().metrics(sdk.llmMetrics()),
      new Call().metrics(sdk.llmMetrics({ label: 'my.Router' })),
    ];
    expect([requests(one), requests(other)]).toEqual([1, 1]);
  });
});

test('a session of 100 000 requests recognises duplicates and remembers 4096 ids', () => {
  const call = new Call();
  for (let i = 0; i < 100_000; i++) call.metrics(sdk.llmMetrics({ requestId: `r${i}` }));
  expect(requests(call)).toBe(100_000);
  call.metrics(sdk.llmMetrics({ requestId: 'r99999', label: 'my.Router' }));
  expect(requests(call)).toBe(100_000);
  // The first id has been evicted, so an event with this id counts as a new request.
  call.metrics(sdk.llmMetrics({ requestId: 'r0', label: 'my.Router' }));
  expect(requests(call)).toBe(100_001);
});

/** Three sentences as synthesised by the SDK's stream adapter; `at` is in milliseconds since the call began. */
const sentences = (given: Partial<metrics.TTSMetrics> = {}, ids = ['r1', 'r2', 'r3']) =>
  [27, 34, 28].map((charactersCount, i) =>
    ttsMetrics({
      charactersCount,
      audioDurationMs: [70, 90, 71][i],
      requestId: ids[i],
      speechId: 'speech-1',
      ...given,
    }),
  );
/** The adapter's own event: all of the text, and the audio up to the event. */
const adapterEvent = (given: Partial<metrics.TTSMetrics> = {}) =>
  ttsMetrics({
    charactersCount: 91,
    audioDurationMs: 70,
    requestId: 'r1',
    streamed: true,
    speechId: 'speech-1',
    ...given,
  });
const none = ['', '', ''];

const characters = (call: Call) => call.total('lk_agents_usage_tts_characters_total');
const ttsRequests = (call: Call) => call.total('lk_agents_tts_requests_total');
const repeatedTts = (call: Call) => call.total('talkgauge_duplicate_events_total', { type: 'tts_metrics' });

function callWith(events: readonly metrics.AgentMetrics[]): Call {
  const call = new Call();
  for (const event of events) call.metrics(event, event.timestamp - start);
  return call.close('user_initiated', 60_000);
}

describe('a non-streaming TTS is counted by sentence', () => {
  const [one, two, three] = sentences();
  const [a, b, c] = sentences({}, none);
  test.each([
    [
      "before the adapter's event",
      [one, two, three, adapterEvent({ requestId: 'r3', audioDurationMs: 231 })],
    ],
    ["after the adapter's event", [adapterEvent(), one, two, three]],
    [
      "some before and some after the adapter's event",
      [one, two, adapterEvent({ requestId: 'r3', audioDurationMs: 231 }), three],
    ],
    ['in another order', [adapterEvent(), one, three, two]],
    ['with empty ids', [adapterEvent({ requestId: '' }), a, b, c]],
    [
      "with empty ids, before the adapter's event",
      [a, b, c, adapterEvent({ requestId: '', audioDurationMs: 231 })],
    ],
    [
      'in an interrupted speech',
      [one, two, adapterEvent({ requestId: 'r2', audioDurationMs: 110, cancelled: true })],
    ],
  ])('%s', (_, events) => {
    const call = callWith(events as metrics.AgentMetrics[]);
    const spoken = events.filter((event) => !event!.streamed);
    expect(ttsRequests(call)).toBe(spoken.length);
    expect(characters(call)).toBe(spoken.length === 3 ? 89 : 61);
    expect(repeatedTts(call)).toBe(1);
  });

  test('in consecutive speeches', () => {
    const call = new Call();
    for (let i = 0; i < 20; i++) {
      const ids = [`r${i}-1`, `r${i}-2`, `r${i}-3`];
      const at = { timestamp: start + i * 10_000, speechId: `speech-${i}` };
      for (const event of [adapterEvent({ requestId: ids[0], ...at }), ...sentences(at, ids)]) {
        call.metrics(event, i * 10_000);
      }
    }
    call.close();
    expect(ttsRequests(call)).toBe(60);
    expect(characters(call)).toBe(20 * 89);
    expect(repeatedTts(call)).toBe(20);
  });
});

describe('a streaming TTS is counted by stream', () => {
  const streamed = (requestId: string, at = 0) =>
    ttsMetrics({ streamed: true, requestId, timestamp: start + at, speechId: `speech-${at}` });

  test('the first stream is counted after one second, because it might repeat a sentence', () => {
    const call = new Call().metrics(streamed('r1'), 0).agent('speaking', 1000);
    expect(ttsRequests(call)).toBe(0);
    call.agent('listening', 1001);
    expect(ttsRequests(call)).toBe(1);
    expect(repeatedTts(call)).toBe(0);
  });

  test('the first stream is counted at a tick if no other event arrives', () => {
    const call = new Call().metrics(streamed('r1'), 0).tick(500);
    expect(ttsRequests(call)).toBe(0);
    expect(ttsRequests(call.tick(1500))).toBe(1);
  });

  test('the first stream is counted at the close if that comes earlier', () => {
    expect(ttsRequests(new Call().metrics(streamed('r1'), 0).close('user_initiated', 10))).toBe(1);
  });

  test('later streams are counted immediately', () => {
    const call = new Call().metrics(streamed('r1'), 0).tick(2000).metrics(streamed('r2', 3000), 3000);
    expect(ttsRequests(call)).toBe(2);
  });

  test('streams with empty ids are counted', () => {
    expect(ttsRequests(callWith([streamed('', 0), streamed('', 5000), streamed('', 9000)]))).toBe(3);
  });

  test('a stream is counted after a fallback adapter probed the TTS with a sentence in the same speech', () => {
    const probe = ttsMetrics({ requestId: 'probe', charactersCount: 37, speechId: 'speech-1' });
    const call = callWith([probe, ttsMetrics({ streamed: true, requestId: 'r1', speechId: 'speech-1' })]);
    expect(ttsRequests(call)).toBe(2);
    expect(repeatedTts(call)).toBe(0);
  });

  test('a stream is counted after such a probe failed without id and audio', () => {
    const speech = { requestId: '', speechId: 'speech-1' };
    const failed = ttsMetrics({ ...speech, charactersCount: 37, audioDurationMs: 0, ttfbMs: -1 });
    const call = callWith([failed, ttsMetrics({ ...speech, charactersCount: 91, streamed: true })]);
    expect(ttsRequests(call)).toBe(2);
  });

  test('streams without ids are counted after a probe in another speech', () => {
    const probe = ttsMetrics({ requestId: '', speechId: 'speech-1', charactersCount: 37 });
    const stream = ttsMetrics({ requestId: '', speechId: 'speech-2', charactersCount: 91, streamed: true });
    expect(ttsRequests(callWith([probe, stream]))).toBe(2);
  });

  test('streams without timestamps are counted', () => {
    const call = new Call()
      .metrics(ttsMetrics({ streamed: true, timestamp: Number.NaN }), 0)
      .agent('speaking', 1);
    expect(ttsRequests(call)).toBe(1);
  });

  test('the failure of a later request is not attributed to the stream', () => {
    const error = { type: 'tts_error', label: 'acme.TTS', recoverable: false, timestamp: start + 900 };
    const call = new Call().metrics(streamed('r1'), 0).emit('error', { error }, 900).agent('listening', 1100);
    expect(call.total('lk_agents_tts_requests_total', { outcome: 'ok' })).toBe(1);
    expect(call.total('lk_agents_tts_requests_total', { outcome: 'error' })).toBe(1);
  });
});

test('a label used by a streaming and a non-streaming voice is counted for both', () => {
  const call = new Call().metrics(ttsMetrics({ streamed: true, requestId: 'stream-1' }), 0).tick(5000);
  const late = (given: Partial<metrics.TTSMetrics>) => ttsMetrics({ timestamp: start + 9000, ...given });
  call.metrics(late({ requestId: 'r1' }), 9000);
  // The adapter of the non-streaming voice reports before its second sentence, with the id of that sentence.
  call.metrics(late({ requestId: 'r2', streamed: true }), 9000).metrics(late({ requestId: 'r2' }), 9001);
  call.metrics(late({ requestId: 'stream-2', streamed: true }), 9500).close('user_initiated', 20_000);
  expect(call.total('lk_agents_tts_requests_total', { streamed: 'true' })).toBe(2);
  expect(call.total('lk_agents_tts_requests_total', { streamed: 'false' })).toBe(2);
  expect(repeatedTts(call)).toBe(1);
});

test('sentences of two voices are not mistaken for duplicates of each other', () => {
  const speech = { requestId: '', speechId: 'speech-1' };
  const call = callWith([
    ttsMetrics({ ...speech, label: 'one.TTS' }),
    ttsMetrics({ ...speech, label: 'two.TTS', charactersCount: 91, streamed: true }),
  ]);
  expect(ttsRequests(call)).toBe(2);
});

test('other metrics are not delayed', () => {
  const call = new Call().metrics(adapterEvent()).metrics(llmMetrics());
  expect(call.values('lk_agents_llm_requests_total')).toEqual([1]);
});
