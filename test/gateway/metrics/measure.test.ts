import { expect, test } from 'vitest';
import type { Attributes } from '../../../src/gateway/decode/attribute-value.ts';
import type { SpanRecord } from '../../../src/gateway/decode/records.ts';
import type { SessionReport, UsageEntry } from '../../../src/gateway/decode/session-report.ts';
import { measure } from '../../../src/gateway/metrics/measure.ts';

const sessionStart = 1_800_000_000;
let spans = 0;

const span = (
  name: string,
  start: number,
  end: number,
  attributes: Attributes,
  parentId?: string,
): SpanRecord => ({
  traceId: 'trace',
  spanId: `span-${spans++}`,
  parentId,
  name,
  start: sessionStart + start,
  end: sessionStart + end,
  attributes,
  events: [],
  status: 'unset',
});

const failed = (one: SpanRecord): SpanRecord => ({ ...one, status: 'error' });

const reportOf = (...usage: UsageEntry[]): SessionReport => ({ usage, options: {}, tags: [] });

/** The samples of a session by series: the sum of a counter, the values of a histogram. */
function seriesOf(session: {
  spans: SpanRecord[];
  report?: SessionReport;
  language?: string;
}): Record<string, number | number[]> {
  const series: Record<string, number | number[]> = {};
  const all = measure({
    items: [],
    startedAt: sessionStart,
    endedAt: sessionStart + 60,
    ended: true,
    ...session,
  });
  for (const { metric, labels, value } of all) {
    const name = `${metric.replace('lk_agents_', '')} ${Object.values(labels).join(' ')}`.trim();
    if (metric.endsWith('_total')) series[name] = value;
    else series[name] = [...((series[name] as number[]) ?? []), Math.round(value * 1e6) / 1e6];
  }
  return series;
}

test('turn detectors are read from spans, and their provider and model from the report', () => {
  const usage = (component: 'interruption' | 'eot'): UsageEntry => ({
    component,
    provider: 'livekit',
    model: component,
    amounts: { total_requests: 3 },
  });
  expect(
    seriesOf({
      language: 'nodejs',
      report: reportOf(usage('interruption'), usage('eot')),
      spans: [
        span('user_speaking', 1, 2, {
          'lk.is_interruption': 'true',
          'lk.interruption.total_duration': 0.25,
          'lk.interruption.prediction_duration': 0.05,
          'lk.interruption.detection_delay': 0.3,
        }),
        // The request was cancelled before the model was called.
        span('user_speaking', 3, 4, { 'lk.is_interruption': 'false' }),
        span('user_speaking', 5, 6, {}),
        // Node.js has the delay in milliseconds.
        span('eou_detection', 6, 6.1, {
          'lk.eou.probability': 0.8,
          'lk.eou.unlikely_threshold': 0.3,
          'lk.eou.detection_delay': 120,
        }),
        span('eou_detection', 6.2, 6.3, {
          'lk.eou.probability': 0.8,
          'lk.eou.unlikely_threshold': 0.3,
          'lk.eou.from_cache': true,
        }),
      ],
    }),
  ).toMatchObject({
    'overlapping_speech_total true': 1,
    'overlapping_speech_total false': 1,
    'interruption_total_duration_seconds livekit interruption': [0.25],
    'interruption_prediction_duration_seconds livekit interruption': [0.05],
    'interruption_detection_delay_seconds livekit interruption': [0.3],
    'interruption_detected_total livekit interruption': 1,
    'interruption_requests_total livekit interruption': 3,
    'eot_predictions_total yes': 1,
    'eot_detection_delay_seconds livekit eot': [0.12],
    'eot_requests_total livekit eot': 3,
    'usage_eot_num_requests_total livekit eot': 3,
  });
});

test("Python's seconds, attribute names and -1 are read like the milliseconds of Node.js", () => {
  const metadata = { model_provider: 'acme', model_name: 'voice' };
  const python = {
    type: 'tts_metrics',
    label: 'acme.TTS',
    request_id: 'a',
    timestamp: sessionStart + 2,
    ttfb: 0.2,
    duration: 0.8,
  };
  const more = { audio_duration: 1.5, cancelled: false, characters_count: 20, streamed: true, metadata };
  const tts = (end: number, metrics: object) =>
    span('tts_request', end - 1, end, {
      'lk.tts_metrics': JSON.stringify({ ...python, ...more, ...metrics }),
    });
  const series = seriesOf({
    language: 'python',
    spans: [tts(2, {}), tts(4, { request_id: 'b', ttfb: -1, timestamp: sessionStart + 4 })],
  });
  expect(series).toMatchObject({
    'tts_ttfb_seconds acme voice': [0.2],
    'tts_duration_seconds acme voice': [0.8, 0.8],
    'tts_requests_total acme voice ok true': 1,
    'tts_requests_total acme voice empty true': 1,
    // Without a report, usage is read from spans.
    'usage_tts_characters_total acme voice': 40,
    'usage_tts_audio_duration_seconds_total acme voice': 3,
    'talkgauge_invalid_samples_total lk_agents_tts_ttfb_seconds missing': 1,
  });
});

test('failed attempts are errors: the last one is not recoverable, and attempts behind a fallback adapter do not count', () => {
  const attributesWith = (label: string) => ({
    'gen_ai.provider.name': 'acme',
    'gen_ai.request.model': 'm-1',
    'lk.llm_metrics': JSON.stringify({
      type: 'llm_metrics',
      label,
      requestId: '',
      timestamp: (sessionStart + 3) * 1000,
      ttftMs: -1,
      durationMs: 2000,
      cancelled: false,
      metadata: { modelProvider: 'acme', modelName: 'm-1' },
    }),
  });
  const request = span('llm_request', 1, 3, attributesWith('acme.LLM'));
  const wrapped = span('llm_request', 11, 13, attributesWith('FallbackAdapter'));
  const child = span('llm_request', 11, 12, attributesWith('other.LLM'), wrapped.spanId);
  const attempt = (of: SpanRecord, start: number) =>
    failed(span('llm_request_run', start, start + 0.5, {}, of.spanId));
  expect(
    seriesOf({
      language: 'nodejs',
      spans: [request, attempt(request, 1), attempt(request, 2), wrapped, child, attempt(child, 11)],
    }),
  ).toMatchObject({ 'errors_total llm acme true': 1, 'errors_total llm acme false': 1 });
});

test('realtime models are distinguished from LLMs in the report, and usage repeated by an adapter is left out', () => {
  const llm = (provider: string, model: string, amounts: Record<string, number>): UsageEntry => ({
    component: 'llm',
    provider,
    model,
    amounts,
  });
  const repeated = {
    type: 'llm_metrics',
    label: 'FallbackAdapter',
    requestId: 'a',
    timestamp: (sessionStart + 2) * 1000,
    ttftMs: 200,
    durationMs: 400,
    cancelled: false,
    metadata: { modelProvider: 'unknown', modelName: 'unknown' },
  };
  const series = seriesOf({
    report: reportOf(
      llm('openai', 'gpt-realtime', {
        input_tokens: 90,
        input_audio_tokens: 60,
        output_tokens: 30,
        output_audio_tokens: 30,
      }),
      llm('acme', 'm-1', { input_tokens: 100 }),
      llm('unknown', 'unknown', { input_tokens: 100 }),
    ),
    spans: [span('llm_request', 1, 2, { 'lk.llm_metrics': JSON.stringify(repeated) })],
  });
  expect(series).toMatchObject({
    'usage_llm_input_tokens_total openai gpt-realtime': 90,
    'usage_llm_input_tokens_total acme m-1': 100,
    'billable_usage_total openai gpt-realtime realtime input_audio_tokens': 60,
    'billable_usage_total openai gpt-realtime realtime input_tokens': 30,
    'billable_usage_total acme m-1 llm input_tokens': 100,
  });
  expect(Object.keys(series).filter((name) => name.includes('unknown'))).toEqual([]);
});
