import { describe, expect, test } from 'vitest';
import { catalogue } from '../../src/catalogue/metrics.ts';
import { fieldMapping, seriesOf } from '../../src/monitoring/field-mapping.ts';
import {
  eventFields,
  messageFields,
  metricsFields,
  type SdkField,
  type SdkFields,
} from '../../src/monitoring/sdk-fields.ts';

/** The tables of LiveKit's metrics reference, copied from its page: Node.js names, then Python names. */
const reference: Record<string, [node: string, python: string]> = {
  VADMetrics: [
    'idleTimeMs inferenceDurationTotalMs inferenceCount',
    'idle_time inference_duration_total inference_count',
  ],
  STTMetrics: ['audioDurationMs durationMs streamed', 'audio_duration duration streamed'],
  EOUMetrics: [
    'endOfUtteranceDelayMs transcriptionDelayMs onUserTurnCompletedDelayMs lastSpeakingTimeMs speechId',
    'end_of_utterance_delay transcription_delay on_user_turn_completed_delay speech_id',
  ],
  LLMMetrics: [
    'durationMs completionTokens promptTokens promptCachedTokens speechId totalTokens tokensPerSecond ttftMs',
    'duration completion_tokens prompt_tokens prompt_cached_tokens speech_id total_tokens tokens_per_second ttft',
  ],
  RealtimeModelMetrics: [
    'durationMs sessionDurationMs ttftMs inputTokens outputTokens totalTokens tokensPerSecond ' +
      'inputTokenDetails outputTokenDetails',
    'duration session_duration ttft input_tokens output_tokens total_tokens tokens_per_second ' +
      'input_token_details output_token_details',
  ],
  TTSMetrics: [
    'audioDurationMs charactersCount durationMs ttfbMs speechId streamed',
    'audio_duration characters_count duration ttfb speech_id streamed',
  ],
  InterruptionMetrics: [
    'totalDuration predictionDuration detectionDelay numInterruptions numBackchannels numRequests',
    'total_duration prediction_duration detection_delay num_interruptions num_backchannels num_requests',
  ],
};
/** The documented parts of the realtime model's token details. */
const details = [
  'input_token_details.audio_tokens input_token_details.text_tokens input_token_details.image_tokens',
  'input_token_details.cached_tokens input_token_details.cached_tokens_details',
  'output_token_details.text_tokens output_token_details.audio_tokens output_token_details.image_tokens',
].flatMap((line) => line.split(' '));

const events: [string, SdkFields][] = Object.entries(metricsFields);
const all: [string, SdkField][] = [
  ...events.flatMap(([type, { documented, further }]) =>
    [...documented, ...further].map((field): [string, SdkField] => [type, field]),
  ),
  ...messageFields.further.map((field): [string, SdkField] => ['ChatMessage.metrics', field]),
  ...Object.entries(eventFields).flatMap(([type, fields]) =>
    fields.map((field): [string, SdkField] => [type, field]),
  ),
];

describe("LiveKit's metrics reference", () => {
  test.each(Object.entries(reference))(
    'all fields of %s are mapped, in the same order',
    (type, [node, python]) => {
      const documented: readonly SdkField[] = metricsFields[type as keyof typeof metricsFields].documented;
      const top = documented.filter((field) => !field.node.includes('.'));
      expect(top.map((field) => field.node)).toEqual(node.split(' '));
      expect(top.flatMap((field) => field.python ?? [])).toEqual(python.split(' '));
    },
  );

  test('the parts of the token details are mapped', () => {
    const names = metricsFields.RealtimeModelMetrics.documented.map((field) => field.python);
    expect(names).toEqual(expect.arrayContaining(details));
  });

  test('no other type is marked as documented', () => {
    const types = events.filter(([, { documented }]) => documented.length > 0).map(([type]) => type);
    expect(types).toEqual(Object.keys(reference));
  });
});

test('only these fields have no series, each with a reason on the page', () => {
  const without = all.filter(([type, { node }]) => seriesOf(type, node).length === 0);
  expect(without.map(([type, { node }]) => `${type}.${node}`)).toEqual([
    'EOUMetrics.lastSpeakingTimeMs',
    'LLMMetrics.totalTokens',
    'RealtimeModelMetrics.totalTokens',
    'RealtimeModelMetrics.inputTokenDetails',
    'RealtimeModelMetrics.inputTokenDetails.cachedTokensDetails',
    'RealtimeModelMetrics.outputTokenDetails',
    'TTSMetrics.segmentId',
    'ChatMessage.metrics.startedSpeakingAt',
    'ChatMessage.metrics.stoppedSpeakingAt',
    'ChatMessage.metrics.providerRequestIds',
  ]);
  for (const [, { note }] of without) expect(note).toMatch(/\w+/);
});

const named = Object.entries(catalogue).flatMap(([metric, { fields = [] }]) =>
  fields.map((field) => ({ metric, ...field })),
);

test.each(named)('the catalogue has the SDK names of $of $node ($metric)', ({ of, node, python }) => {
  const known = all.find(([type, field]) => type === of && field.node === node)?.[1];
  expect({ node, python }).toEqual({ node: known?.node, python: known?.python });
});

describe('the page', () => {
  const rows = fieldMapping().split('\n');

  test('shows both names, both units and the series of a field', () => {
    expect(rows).toContain(
      '| `idleTimeMs` | ms | `idle_time` | s | `lk_agents_vad_idle_seconds_total` (seconds) |  |',
    );
  });

  test('has the reason why a field has no series', () => {
    expect(rows).toContain(
      '| `lastSpeakingTimeMs` | time, ms | – | – | – | A point in time: nothing to add up. ' +
        'The delays that the SDK measures from it have series. |',
    );
    expect(rows).toContain(
      '| `totalTokens` | tokens | `total_tokens` | tokens | – | Input and output tokens have a series each; ' +
        'their sum would count both twice. |',
    );
  });

  test('shows all series of a field with several', () => {
    expect(rows).toContain(
      '| `numRequests` | count | `num_requests` | count | `lk_agents_interruption_requests_total` (requests), ' +
        '`lk_agents_usage_interruption_num_requests_total` (requests), ' +
        '`lk_agents_billable_usage_total` (units) |  |',
    );
  });
});
