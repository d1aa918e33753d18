import { expect, test } from 'vitest';
import { catalogue } from '../../../src/catalogue/metrics.ts';
import { sources } from '../../../src/gateway/metrics/sources.ts';
import { type Captured, capturedOf } from '../uploads.ts';
import { measured, noDelays, seriesOf } from './series.ts';

const llm = 'model_provider="fakeco",model_name="fake-llm-1"';
const tts = 'model_provider="fakeco",model_name="fake-tts-1"';
const stt = 'model_provider="fakeco",model_name="fake-stt-1"';

test('a captured call with a greeting and one question has metrics from its spans, messages and report', async () => {
  const gateway = await measured(capturedOf('flush'));
  expect(await seriesOf(gateway)).toEqual({
    // The answer to the question; the greeting has no latency.
    [`turn_e2e_latency_seconds_sum{${llm}}`]: 0.547413,
    [`turn_e2e_latency_seconds_count{${llm}}`]: 1,
    // 0.220032 for the greeting, 0.128158 for the answer.
    [`turn_llm_ttft_seconds_sum{${llm}}`]: 0.34819,
    [`turn_llm_ttft_seconds_count{${llm}}`]: 2,
    [`turn_tts_ttfb_seconds_sum{${tts}}`]: 0.181247,
    [`turn_tts_ttfb_seconds_count{${tts}}`]: 2,
    turn_transcription_delay_seconds_sum: 0.299413,
    turn_transcription_delay_seconds_count: 1,
    turn_end_of_turn_delay_seconds_sum: 0.302413,
    turn_end_of_turn_delay_seconds_count: 1,
    // Two durations of 0 s, and immediate playback.
    turn_on_user_turn_completed_delay_seconds_count: 1,
    eou_on_user_turn_completed_delay_seconds_count: 1,
    turn_playback_latency_seconds_count: 2,
    transcript_confidence_ratio_sum: 0.93,
    transcript_confidence_ratio_count: 1,
    eou_delay_seconds_sum: 0.302413,
    eou_delay_seconds_count: 1,
    eou_transcription_delay_seconds_sum: 0.299413,
    eou_transcription_delay_seconds_count: 1,
    'eou_events_total{detected="yes"}': 1,
    // 0.299413 + 0.003 + 0.128158 + 0.090671 + 0.026171 = 0.547413
    'turn_segment_seconds_total{segment="transcription"}': 0.299413,
    'turn_segment_seconds_total{segment="endpointing"}': 0.003,
    'turn_segment_seconds_total{segment="llm"}': 0.128158,
    'turn_segment_seconds_total{segment="tts"}': 0.090671,
    'turn_segment_seconds_total{segment="unattributed"}': 0.026171,
    'turns_total{outcome="completed",tools="no"}': 1,
    session_turns_sum: 1,
    session_turns_count: 1,
    // 0.302413 + 127 ms + 90 ms, as the metrics events have them.
    turn_estimated_latency_seconds_sum: 0.519413,
    turn_estimated_latency_seconds_count: 1,
    [`llm_ttft_seconds_sum{${llm}}`]: 0.345,
    [`llm_ttft_seconds_count{${llm}}`]: 2,
    [`llm_duration_seconds_sum{${llm}}`]: 0.407,
    [`llm_duration_seconds_count{${llm}}`]: 2,
    [`llm_tokens_per_second_sum{${llm}}`]: 209.459112,
    [`llm_tokens_per_second_count{${llm}}`]: 2,
    [`llm_requests_total{${llm},outcome="ok"}`]: 2,
    [`tts_ttfb_seconds_sum{${tts}}`]: 0.18,
    [`tts_ttfb_seconds_count{${tts}}`]: 2,
    [`tts_duration_seconds_sum{${tts}}`]: 0.198,
    [`tts_duration_seconds_count{${tts}}`]: 2,
    [`tts_requests_total{${tts},outcome="ok",streamed="true"}`]: 2,
    [`usage_llm_input_tokens_total{${llm}}`]: 200,
    [`usage_llm_input_cached_tokens_total{${llm}}`]: 80,
    [`usage_llm_output_tokens_total{${llm}}`]: 40,
    [`usage_tts_characters_total{${tts}}`]: 20,
    [`usage_tts_audio_duration_seconds_total{${tts}}`]: 1.2,
    // No span has this.
    [`usage_stt_audio_duration_seconds_total{${stt}}`]: 5.14,
    ...both(`{${llm},component="llm",unit="input_tokens"}`, 120),
    ...both(`{${llm},component="llm",unit="cached_input_tokens"}`, 80),
    ...both(`{${llm},component="llm",unit="output_tokens"}`, 40),
    ...both(`{${tts},component="tts",unit="characters"}`, 20),
    ...both(`{${tts},component="tts",unit="audio_seconds"}`, 1.2),
    [`billable_usage_total{${tts},component="tts",unit="audio_seconds_without_tokens"}`]: 1.2,
    ...both(`{${stt},component="stt",unit="audio_seconds"}`, 5.14),
    [`billable_usage_total{${stt},component="stt",unit="audio_seconds_without_tokens"}`]: 5.14,
    'sessions_total{close_reason="user_initiated"}': 1,
    session_duration_seconds_sum: expect.closeTo(8.3, 1),
    session_duration_seconds_count: 1,
    'agent_state_seconds_total{state="listening"}': expect.closeTo(6.37, 1),
    'agent_state_seconds_total{state="thinking"}': 0.691,
    'agent_state_seconds_total{state="speaking"}': 1.233,
    'user_state_seconds_total{state="speaking"}': 3.380312,
    'user_state_seconds_total{state="listening"}': expect.closeTo(4.91, 1),
    first_response_seconds_sum: expect.closeTo(0.46, 1),
    first_response_seconds_count: 1,
    'dead_air_seconds_sum{after="agent"}': 0.382274,
    'dead_air_seconds_count{after="agent"}': 1,
    'dead_air_seconds_sum{after="user"}': 0.547414,
    'dead_air_seconds_count{after="user"}': 1,
  });
});

/** fakeco has no price. */
const both = (labels: string, amount: number) => ({
  [`billable_usage_total${labels}`]: amount,
  [`cost_unpriced_usage_total${labels}`]: amount,
});

test('tools, a handoff, an interruption, a failed request and unanswered turns are counted as in a job', async () => {
  const gateway = await measured(capturedOf('full'));
  expect(await seriesOf(gateway)).toMatchObject({
    'turns_total{outcome="completed",tools="yes"}': 2,
    'turns_total{outcome="completed",tools="no"}': 1,
    'turns_total{outcome="interrupted",tools="no"}': 1,
    'turns_total{outcome="unanswered",tools="no"}': 2,
    session_turns_sum: 6,
    'tool_calls_total{tool="getWeather",outcome="ok"}': 1,
    'tool_calls_total{tool="bookTable",outcome="error"}': 1,
    'tool_calls_total{tool="transfer",outcome="ok"}': 1,
    'tool_duration_seconds_sum{tool="getWeather"}': 0.153,
    handoffs_total: 1,
    speech_interrupted_total: 1,
    'errors_total{component="llm",model_provider="fakeco",recoverable="false"}': 1,
    // The SDK did not send the spans of the last seconds: the seventh request is only in the report.
    [`llm_requests_total{${llm},outcome="ok"}`]: 5,
    [`llm_requests_total{${llm},outcome="error"}`]: 1,
    [`usage_llm_input_tokens_total{${llm}}`]: 700,
    [`turn_e2e_latency_seconds_count{${llm}}`]: 4,
    // 0.544275 + 0.545275 + 0.561358 + 0.683353
    [`turn_e2e_latency_seconds_sum{${llm}}`]: 2.334261,
  });
});

test('a job without a report is measured from its spans, and counted as crashed', async () => {
  const spans = capturedOf('full').filter(({ kind }) => kind === 'traces');
  const gateway = await measured(spans, { measurementDelays: { ...noDelays, lost: 0 } });
  const series = await seriesOf(gateway);
  expect(series).toMatchObject({
    'sessions_total{close_reason="crashed"}': 1,
    [`turn_e2e_latency_seconds_count{${llm}}`]: 3,
    [`turn_e2e_latency_seconds_sum{${llm}}`]: 1.650908,
    [`usage_llm_input_tokens_total{${llm}}`]: 500,
    'tool_calls_total{tool="bookTable",outcome="error"}': 1,
  });
  expect(Object.keys(series).filter((name) => name.startsWith('session_'))).toEqual([]);
});

test('the number of values of a label is limited', async () => {
  const renamed = (request: Captured): Captured =>
    request.kind === 'logs'
      ? {
          ...request,
          body: Buffer.from(
            request.body.toString().replaceAll('AJ_flush', 'AJ_other').replaceAll('fake-stt-1', 'another'),
          ),
        }
      : request;
  const uploads = capturedOf('flush');
  const others = uploads.filter(({ kind }) => kind === 'logs').map(renamed);
  const gateway = await measured([...uploads, ...others], { maxLabelValues: 3 }, 2);
  expect(Object.keys(await seriesOf(gateway)).filter((name) => name.startsWith('usage_stt'))).toEqual([
    `usage_stt_audio_duration_seconds_total{${stt}}`,
    'usage_stt_audio_duration_seconds_total{model_provider="fakeco",model_name="other"}',
  ]);
});

test('each series of a session or a worker has a documented source, or a reason why it is not available', () => {
  const listed = sources.flatMap(({ metrics }) => metrics);
  expect(listed.toSorted()).toEqual(
    Object.keys(catalogue)
      .filter((name) => name.startsWith('lk_agents_'))
      .toSorted(),
  );
  for (const { from, lacking } of sources) expect([from, lacking].filter(Boolean)).toHaveLength(1);
});

test('series beyond the limit are dropped and counted', async () => {
  const gateway = await measured(capturedOf('flush'), { maxSeries: 10 });
  const page = await (await fetch(`${gateway.url}/metrics`)).text();
  const labelSets = page.match(/^lk_agents_\w+(?:_count|_total)\{[^}]*\} /gm) ?? [];
  expect(labelSets.length).toBeLessThanOrEqual(10);
  expect(await gateway.metric('talkgauge_samples_dropped_total', { reason: 'series_limit' })).toBeGreaterThan(
    10,
  );
});
