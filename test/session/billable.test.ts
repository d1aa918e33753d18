import type { metrics } from '@livekit/agents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { billable } from '../../src/session/billable.ts';
import { Samples } from '../../src/session/samples.ts';
import { usage } from '../../src/session/usage.ts';
import * as sdk from '../agent/livekit/sdk-metrics.ts';

/** The billable usage of an event, by component and unit. */
function billed(event: metrics.AgentMetrics) {
  const samples = new Samples();
  billable(samples, event);
  return Object.fromEntries(
    samples.observations.map(({ labels, value }) => {
      expect(labels).toMatchObject({ model_provider: 'acme', model_name: 'm-1' });
      return [`${labels.component} ${labels.unit}`, value];
    }),
  );
}

describe('billable usage', () => {
  test('of an LLM: what it read anew, from the cache, wrote to it, and said', () => {
    expect(billed(sdk.llmMetrics({ cacheCreationTokens: 25 }))).toEqual({
      'llm input_tokens': 35,
      'llm cached_input_tokens': 40,
      'llm cache_write_tokens': 25,
      'llm output_tokens': 20,
    });
  });

  test('of a realtime model: by kind and cache, and the time of its connection', () => {
    expect(billed(sdk.realtimeMetrics({ sessionDurationMs: 30_000 }))).toEqual({
      'realtime input_tokens': 8,
      'realtime cached_input_tokens': 2,
      'realtime input_audio_tokens': 32,
      'realtime cached_input_audio_tokens': 3,
      'realtime input_image_tokens': 4,
      'realtime cached_input_image_tokens': 1,
      'realtime output_tokens': 10,
      'realtime output_audio_tokens': 18,
      'realtime output_image_tokens': 2,
      'realtime session_seconds': 30,
    });
  });

  test('of a realtime model that tells no details is text', () => {
    const event = sdk.realtimeMetrics({
      inputTokenDetails: undefined as never,
      outputTokenDetails: undefined as never,
    });
    expect(billed(event)).toEqual({ 'realtime input_tokens': 50, 'realtime output_tokens': 30 });
  });

  test('of a TTS without tokens: characters, and audio in which tokens may be', () => {
    expect(billed(sdk.ttsMetrics())).toEqual({
      'tts characters': 30,
      'tts audio_seconds': 2,
      'tts audio_seconds_without_tokens': 2,
    });
  });

  test('of a TTS with tokens: they are text that it read and audio that it made', () => {
    expect(billed(sdk.ttsMetrics({ inputTokens: 8, outputTokens: 40 }))).toEqual({
      'tts characters': 30,
      'tts audio_seconds': 2,
      'tts input_tokens': 8,
      'tts output_audio_tokens': 40,
    });
  });

  test('of an STT: tokens of audio that it heard and of text that it wrote, or the audio', () => {
    expect(billed(sdk.sttMetrics({ inputTokens: 50, outputTokens: 12 }))).toEqual({
      'stt input_audio_tokens': 50,
      'stt output_tokens': 12,
      'stt audio_seconds': 5,
    });
    expect(billed(sdk.sttMetrics())).toEqual({
      'stt audio_seconds': 5,
      'stt audio_seconds_without_tokens': 5,
    });
  });

  test('of detectors: their requests', () => {
    expect(billed(sdk.interruptionMetrics())).toEqual({ 'interruption requests': 3 });
    expect(billed(sdk.eotMetrics())).toEqual({ 'eot requests': 1 });
  });

  test('is nothing for what is not a model', () => {
    for (const event of [sdk.vadMetrics(), sdk.eouMetrics(), sdk.avatarMetrics()]) {
      expect(billed(event)).toEqual({});
    }
  });

  test('is nothing where the figures are none', () => {
    const event = sdk.ttsMetrics({ charactersCount: -1, audioDurationMs: Number.NaN });
    expect(billed(event)).toEqual({});
  });
});

const figure = fc.oneof(fc.nat({ max: 5000 }), fc.constantFrom(-1, Number.NaN, 1e15));

test('billable tokens sum to the usage that the SDK counts, also if parts contradict it', () => {
  const details = fc.record({ audioTokens: figure, textTokens: figure, imageTokens: figure });
  const event: fc.Arbitrary<metrics.AgentMetrics> = fc.oneof(
    fc
      .record({
        promptTokens: figure,
        promptCachedTokens: figure,
        cacheCreationTokens: figure,
        completionTokens: figure,
      })
      .map(sdk.llmMetrics),
    fc
      .record({
        inputTokens: figure,
        outputTokens: figure,
        inputTokenDetails: fc
          .tuple(details, figure, fc.option(details, { nil: undefined }))
          .map(([kinds, cachedTokens, cachedTokensDetails]) => ({
            ...kinds,
            cachedTokens,
            cachedTokensDetails,
          })),
        outputTokenDetails: details,
      })
      .map(sdk.realtimeMetrics),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const samples = new Samples();
      for (const one of events) {
        usage(samples, one);
        billable(samples, one);
      }
      const sum = (metric: string, unit = /./) =>
        samples.observations
          .filter((seen) => seen.metric === metric && unit.test(seen.labels.unit ?? ''))
          .reduce((total, { value }) => total + value, 0);
      const counted = (what: string) =>
        samples.observations
          .filter(({ metric }) => metric === `lk_agents_usage_llm_${what}_tokens_total`)
          .reduce((total, { value }) => total + value, 0);
      const billedIn = 'lk_agents_billable_usage_total';
      expect(sum(billedIn, /input|cache/)).toBe(counted('input'));
      expect(sum(billedIn, /output/)).toBe(counted('output'));
    }),
    { numRuns: 500 },
  );
});
