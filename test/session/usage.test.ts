import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metrics } from '@livekit/agents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inSeconds, metricsInSeconds } from '../../src/agent/livekit/sdk-event.ts';
import type { Observation } from '../../src/catalogue/observation.ts';
import { Samples } from '../../src/session/samples.ts';
import { SessionObserver } from '../../src/session/session-observer.ts';
import { recordBillableUsage, recordUsage } from '../../src/session/usage.ts';
import * as sdk from '../agent/livekit/sdk-metrics.ts';

/** Sums of the SDK's own collector by field name, with the series of each; milliseconds become seconds. */
const sums = {
  llm_usage: {
    inputTokens: 'llm_input_tokens_total',
    inputCachedTokens: 'llm_input_cached_tokens_total',
    inputCacheCreationTokens: 'llm_cache_creation_tokens_total',
    inputAudioTokens: 'llm_input_audio_tokens_total',
    inputCachedAudioTokens: 'llm_input_cached_audio_tokens_total',
    inputTextTokens: 'llm_input_text_tokens_total',
    inputCachedTextTokens: 'llm_input_cached_text_tokens_total',
    inputImageTokens: 'llm_input_image_tokens_total',
    inputCachedImageTokens: 'llm_input_cached_image_tokens_total',
    outputTokens: 'llm_output_tokens_total',
    outputAudioTokens: 'llm_output_audio_tokens_total',
    outputTextTokens: 'llm_output_text_tokens_total',
    sessionDurationMs: 'llm_session_duration_seconds_total',
  },
  tts_usage: {
    inputTokens: 'tts_input_tokens_total',
    outputTokens: 'tts_output_tokens_total',
    charactersCount: 'tts_characters_total',
    audioDurationMs: 'tts_audio_duration_seconds_total',
  },
  stt_usage: {
    inputTokens: 'stt_input_tokens_total',
    outputTokens: 'stt_output_tokens_total',
    audioDurationMs: 'stt_audio_duration_seconds_total',
  },
  interruption_usage: { totalRequests: 'interruption_num_requests_total' },
  eot_usage: { totalRequests: 'eot_num_requests_total' },
} as const;

type Sums = Record<string, number>;

/** The sums of the SDK's collector, by series and model. */
function collected(events: readonly metrics.AgentMetrics[]): Sums {
  const collector = new metrics.ModelUsageCollector();
  for (const event of events) collector.collect(event);
  const found: Sums = {};
  for (const one of collector.flatten()) {
    for (const [field, series] of Object.entries(sums[one.type])) {
      const value = (one as unknown as Sums)[field]!;
      if (value === 0) continue;
      const key = `${series} ${one.provider || 'unknown'} ${one.model || 'unknown'}`;
      found[key] = (found[key] ?? 0) + (field.endsWith('Ms') ? value / 1000 : value);
    }
  }
  return found;
}

/** The sums of the usage series. */
function shown(observations: readonly Observation[]): Sums {
  const found: Sums = {};
  for (const { metric, labels, value } of observations) {
    // The collector does not sum the image tokens of a realtime model.
    if (metric === 'lk_agents_usage_llm_output_image_tokens_total') continue;
    if (!metric.startsWith('lk_agents_usage_')) continue;
    const { model_provider, model_name } = labels;
    const key = `${metric.slice('lk_agents_usage_'.length)} ${model_provider} ${model_name}`;
    found[key] = (found[key] ?? 0) + value;
  }
  return found;
}

function expectEqual(actual: Sums, expected: Sums): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [key, value] of Object.entries(expected)) expect(actual[key], key).toBeCloseTo(value, 6);
}

const count = fc.nat({ max: 5000 });
const some = fc.option(count, { nil: undefined });
const metadata = fc.option(
  fc.record({
    modelProvider: fc.constantFrom('openai', 'acme', '', undefined),
    modelName: fc.constantFrom('large', 'small', '', undefined),
  }),
  { nil: undefined },
);
const kinds = { audioTokens: count, textTokens: count, imageTokens: count };
const event: fc.Arbitrary<metrics.AgentMetrics> = fc.oneof(
  fc
    .record({
      promptTokens: count,
      promptCachedTokens: count,
      cacheCreationTokens: some,
      completionTokens: count,
      metadata,
    })
    .map(sdk.llmMetrics),
  fc
    .record({
      inputTokens: count,
      outputTokens: count,
      sessionDurationMs: some,
      inputTokenDetails: fc.record({
        ...kinds,
        cachedTokens: count,
        cachedTokensDetails: fc.option(fc.record(kinds), { nil: undefined }),
      }),
      outputTokenDetails: fc.record(kinds),
      metadata,
    })
    .map(sdk.realtimeMetrics),
  fc
    .record({
      charactersCount: count,
      audioDurationMs: count,
      inputTokens: some,
      outputTokens: some,
      metadata,
    })
    .map(sdk.ttsMetrics),
  fc.record({ audioDurationMs: count, inputTokens: some, outputTokens: some, metadata }).map(sdk.sttMetrics),
  fc.record({ numRequests: count, metadata }).map(sdk.interruptionMetrics),
  fc.record({ numRequests: count, metadata }).map(sdk.eotMetrics),
  fc.constantFrom(sdk.vadMetrics(), sdk.eouMetrics(), sdk.avatarMetrics()),
);

test("for any events, the usage series equal the sums of the SDK's own ModelUsageCollector", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const samples = new Samples();
      for (const one of events) recordUsage(samples, metricsInSeconds(one));
      expectEqual(shown(samples.observations), collected(events));
    }),
    { numRuns: 500 },
  );
});

test("for a recorded call, the usage series equal the sums of the SDK's own ModelUsageCollector", () => {
  const file = join(import.meta.dirname, '../fixtures/sdk-events.jsonl');
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const events = lines.map((line) => JSON.parse(line)).filter((line) => line.event === 'metrics_collected');
  const observer = new SessionObserver();
  const observations = events.flatMap(({ event, payload }) =>
    observer.handle(event, inSeconds(event, payload)),
  );
  observations.push(...observer.ended());
  expect(events.length).toBe(90);
  expectEqual(shown(observations), collected(events.map(({ payload }) => payload.metrics)));
});

test('a counter without increments is not exposed', () => {
  const samples = new Samples();
  recordUsage(
    samples,
    metricsInSeconds(sdk.llmMetrics({ promptTokens: 0, promptCachedTokens: 0, completionTokens: 0 })),
  );
  expect(samples.observations).toEqual([]);
});

test('token counts that are not numbers do not affect the sum of the others', () => {
  const samples = new Samples();
  recordUsage(samples, metricsInSeconds(sdk.llmMetrics({ promptTokens: Number.NaN })));
  recordUsage(samples, metricsInSeconds(sdk.llmMetrics({ promptTokens: 100 })));
  expect(shown(samples.observations)['llm_input_tokens_total acme m-1']).toBe(100);
});

/** The billable usage of an event, by component and unit. */
function billed(event: metrics.AgentMetrics) {
  const samples = new Samples();
  recordBillableUsage(samples, metricsInSeconds(event));
  return Object.fromEntries(
    samples.observations.map(({ labels, value }) => {
      expect(labels).toMatchObject({ model_provider: 'acme', model_name: 'm-1' });
      return [`${labels.component} ${labels.unit}`, value];
    }),
  );
}

describe('billable usage', () => {
  test('of an LLM: uncached input, cached input, cache writes and output', () => {
    expect(billed(sdk.llmMetrics({ cacheCreationTokens: 25 }))).toEqual({
      'llm input_tokens': 35,
      'llm cached_input_tokens': 40,
      'llm cache_write_tokens': 25,
      'llm output_tokens': 20,
    });
  });

  test('of a realtime model: tokens by modality and cache, and connection time', () => {
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

  test('of a realtime model without token details is text', () => {
    const event = sdk.realtimeMetrics({
      inputTokenDetails: undefined as never,
      outputTokenDetails: undefined as never,
    });
    expect(billed(event)).toEqual({ 'realtime input_tokens': 50, 'realtime output_tokens': 30 });
  });

  test('of a TTS without tokens: characters, and audio that may be billed in tokens', () => {
    expect(billed(sdk.ttsMetrics())).toEqual({
      'tts characters': 30,
      'tts audio_seconds': 2,
      'tts audio_seconds_without_tokens': 2,
    });
  });

  test('of a TTS with tokens: text input tokens and audio output tokens', () => {
    expect(billed(sdk.ttsMetrics({ inputTokens: 8, outputTokens: 40 }))).toEqual({
      'tts characters': 30,
      'tts audio_seconds': 2,
      'tts input_tokens': 8,
      'tts output_audio_tokens': 40,
    });
  });

  test('of an STT: audio input and text output tokens, or audio duration', () => {
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

  test('of detectors: requests', () => {
    expect(billed(sdk.interruptionMetrics())).toEqual({ 'interruption requests': 3 });
    expect(billed(sdk.eotMetrics())).toEqual({ 'eot requests': 1 });
  });

  test('is empty for events of other components', () => {
    for (const event of [sdk.vadMetrics(), sdk.eouMetrics(), sdk.avatarMetrics()]) {
      expect(billed(event)).toEqual({});
    }
  });

  test('is empty without valid figures', () => {
    const event = sdk.ttsMetrics({ charactersCount: -1, audioDurationMs: Number.NaN });
    expect(billed(event)).toEqual({});
  });
});

const figure = fc.oneof(fc.nat({ max: 5000 }), fc.constantFrom(-1, Number.NaN, 1e15));

test("billable tokens sum to the SDK's usage, even if the parts contradict it", () => {
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
        recordUsage(samples, metricsInSeconds(one));
        recordBillableUsage(samples, metricsInSeconds(one));
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
