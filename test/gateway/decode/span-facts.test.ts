import { expect, test } from 'vitest';
import type { Attributes } from '../../../src/gateway/decode/attribute-value.ts';
import { factsOf } from '../../../src/gateway/decode/span-facts.ts';

const span = (name: string, attributes: Attributes) => ({
  traceId: 't',
  spanId: 's',
  name,
  start: 100,
  end: 100.5,
  attributes,
  events: [],
  status: 'unset' as const,
});

test('delays of a user turn are milliseconds in Node.js and seconds in Python', () => {
  const of = (attributes: Attributes, language: string) => factsOf(span('user_turn', attributes), language);
  const expected = { of: 'user_turn', transcript: 'hello', transcriptionDelay: 0.25, endOfTurnDelay: 0.5 };
  expect(
    of(
      { 'lk.pii.user_transcript': 'hello', 'lk.transcription_delay': 250, 'lk.end_of_turn_delay': 500 },
      'nodejs',
    ),
  ).toMatchObject(expected);
  expect(
    of(
      { 'lk.pii.user_transcript': 'hello', 'lk.transcription_delay': 0.25, 'lk.end_of_turn_delay': 0.5 },
      'python',
    ),
  ).toMatchObject(expected);
});

test('the latency of a turn is seconds in both', () => {
  const attributes = { 'lk.e2e_latency': 1.25, 'lk.speech_id': 'speech_1', 'lk.interrupted': true };
  for (const language of ['nodejs', 'python']) {
    expect(factsOf(span('agent_turn', attributes), language)).toMatchObject({
      of: 'agent_turn',
      speechId: 'speech_1',
      interrupted: true,
      e2eLatency: 1.25,
    });
  }
});

test.each([
  [
    'nodejs',
    {
      requestId: 'r1',
      ttftMs: 125,
      durationMs: 151,
      promptTokens: 100,
      promptCachedTokens: 40,
      completionTokens: 20,
      metadata: { modelProvider: 'openai', modelName: 'gpt-4o' },
    },
  ],
  [
    'python',
    {
      request_id: 'r1',
      ttft: 0.125,
      duration: 0.151,
      prompt_tokens: 100,
      prompt_cached_tokens: 40,
      completion_tokens: 20,
      metadata: { model_provider: 'openai', model_name: 'gpt-4o' },
    },
  ],
])('a request to an LLM in %s', (language, metrics) => {
  expect(factsOf(span('llm_request', { 'lk.llm_metrics': JSON.stringify(metrics) }), language)).toEqual({
    of: 'llm_request',
    provider: 'openai',
    model: 'gpt-4o',
    request: {
      requestId: 'r1',
      first: 0.125,
      duration: 0.151,
      cancelled: undefined,
      inputTokens: 100,
      cachedTokens: 40,
      outputTokens: 20,
      tokensPerSecond: undefined,
      characters: undefined,
      audioDuration: undefined,
    },
  });
});

test('a time to first token of -1 is ignored in either unit', () => {
  for (const metrics of ['{"ttftMs":-1}', '{"ttft":-1}']) {
    const facts = factsOf(span('llm_request', { 'lk.llm_metrics': metrics }));
    expect(facts?.of === 'llm_request' && facts.request.first).toBeUndefined();
  }
});

test('a tool has the duration of its span, and failed if an attribute says so', () => {
  expect(
    factsOf(span('function_tool', { 'lk.function_tool.name': 'book', 'lk.function_tool.is_error': true })),
  ).toMatchObject({
    tool: 'book',
    isError: true,
    duration: 0.5,
  });
  expect(
    factsOf(span('function_tool', { 'gen_ai.tool.name': 'book', 'error.type': 'timeout' })),
  ).toMatchObject({ isError: true });
});

test('the close reason of a session is on a Python span', () => {
  expect(factsOf(span('session_close', { 'lk.close_reason': 'error' }), 'python')).toEqual({
    of: 'session_close',
    closeReason: 'error',
  });
});

test('metrics that are not JSON are ignored', () => {
  expect(factsOf(span('tts_request', { 'lk.tts_metrics': '{' }))).toMatchObject({ of: 'tts_request' });
});

test('other spans have no facts', () => {
  expect(factsOf(span('start_agent_activity', {}))).toBeUndefined();
});
