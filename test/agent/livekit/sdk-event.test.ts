import { expect, test } from 'vitest';
import { inSeconds, metricsInSeconds } from '../../../src/agent/livekit/sdk-event.ts';
import { start } from './call.ts';
import { avatarMetrics, eotMetrics, eouMetrics, realtimeMetrics, ttsMetrics } from './sdk-metrics.ts';

test('times and durations of metrics are in seconds, and other fields as in the SDK', () => {
  expect(metricsInSeconds(ttsMetrics({ inputTokens: 5, speechId: 'speech-1' }))).toEqual({
    type: 'tts_metrics',
    label: 'acme.TTS',
    requestId: 'tts-1',
    timestamp: 1_700_000_000,
    ttfb: 0.12,
    duration: 0.25,
    audioDuration: 2,
    cancelled: false,
    charactersCount: 30,
    inputTokens: 5,
    streamed: false,
    speechId: 'speech-1',
    metadata: { modelProvider: 'acme', modelName: 'm-1' },
  });
  expect(metricsInSeconds(eouMetrics()).lastSpeakingTime).toBe(1_699_999_999.5);
  expect(metricsInSeconds(eotMetrics())).toMatchObject({ totalDuration: 0.06, detectionDelay: 0.09 });
  expect(metricsInSeconds(avatarMetrics({ sessionStartedAt: start }))).toMatchObject({
    sessionStartedAt: 1_700_000_000,
    playbackLatency: 0.18,
  });
});

test.each([
  ['-1, for nothing measured', -1, -0.001],
  ['0', 0, 0],
  ['a missing value', undefined, undefined],
  ['null, which is NaN in an event log', null, Number.NaN],
  ['text', '250', Number.NaN],
  ['an object that cannot become a number', { valueOf: [] }, Number.NaN],
])('a duration of a hostile event log: %s', (_, given, seconds) => {
  expect(metricsInSeconds(realtimeMetrics({ ttftMs: given as never })).ttft).toBe(seconds);
});

test.each([
  ['a missing time', undefined, undefined],
  ['null, which counts as 0', null, 0],
  ['a number as text', '1700000000500', 1_700_000_000.5],
  ['text', 'now', Number.NaN],
  ['an object that cannot become a number', { valueOf: [] }, Number.NaN],
])('a time of a hostile event log: %s', (_, createdAt, seconds) => {
  expect(inSeconds('debug_message', { createdAt } as never).createdAt).toBe(seconds);
});

test('an error whose time is null in an event log has none', () => {
  const error = { type: 'llm_error', label: 'acme.LLM', recoverable: false, timestamp: null };
  const event = { type: 'error', error, createdAt: start };
  expect(inSeconds('error', event as never)).toEqual({
    error: { type: 'llm_error', label: 'acme.LLM', recoverable: false },
    createdAt: 1_700_000_000,
  });
});

test('tool calls and their outputs have their times in seconds, and an output may be missing', () => {
  const event = {
    functionCalls: [
      { name: 'book', createdAt: start, args: '{}' },
      { name: 'cancel', createdAt: start + 250 },
    ],
    functionCallOutputs: [{ isError: false, createdAt: start + 1500, output: 'ok' }, undefined],
    createdAt: start + 2000,
  };
  expect(inSeconds('function_tools_executed', event as never)).toEqual({
    functionCalls: [
      { name: 'book', createdAt: 1_700_000_000 },
      { name: 'cancel', createdAt: 1_700_000_000.25 },
    ],
    functionCallOutputs: [{ isError: false, createdAt: 1_700_000_001.5 }, undefined],
    createdAt: 1_700_000_002,
  });
});

test('of metrics of an unknown type, only the type is left', () => {
  expect(metricsInSeconds({ type: 'telepathy_metrics', durationMs: 5 } as never)).toEqual({
    type: 'telepathy_metrics',
  });
});
