import type { metrics } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import { Call, start } from '../agent/livekit/call.ts';
import { llmMetrics, ttsMetrics } from '../agent/livekit/sdk-metrics.ts';

/** Three sentences, as the SDK's stream adapter has them synthesised; `at` is in milliseconds since the call began. */
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
/** What the adapter's own stream reports: all the text, and the audio until its event. */
const retelling = (given: Partial<metrics.TTSMetrics> = {}) =>
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
const requests = (call: Call) => call.total('lk_agents_tts_requests_total');
const repeated = (call: Call) => call.total('talkgauge_duplicate_events_total', { type: 'tts_metrics' });

function told(events: readonly metrics.AgentMetrics[]): Call {
  const call = new Call();
  for (const event of events) call.metrics(event, event.timestamp - start);
  return call.close('user_initiated', 60_000);
}

describe('a TTS that cannot stream is counted by its sentences', () => {
  const [one, two, three] = sentences();
  const [a, b, c] = sentences({}, none);
  test.each([
    ["before the adapter's event", [one, two, three, retelling({ requestId: 'r3', audioDurationMs: 231 })]],
    ["after the adapter's event", [retelling(), one, two, three]],
    [
      "some before and some after the adapter's event",
      [one, two, retelling({ requestId: 'r3', audioDurationMs: 231 }), three],
    ],
    ['when they are done in another order', [retelling(), one, three, two]],
    ['when the ids are empty', [retelling({ requestId: '' }), a, b, c]],
    [
      'when the ids are empty and the event comes last',
      [a, b, c, retelling({ requestId: '', audioDurationMs: 231 })],
    ],
    [
      'when the speech is cut off',
      [one, two, retelling({ requestId: 'r2', audioDurationMs: 110, cancelled: true })],
    ],
  ])('%s', (_, events) => {
    const call = told(events as metrics.AgentMetrics[]);
    const spoken = events.filter((event) => !event!.streamed);
    expect(requests(call)).toBe(spoken.length);
    expect(characters(call)).toBe(spoken.length === 3 ? 89 : 61);
    expect(repeated(call)).toBe(1);
  });

  test('in speech after speech', () => {
    const call = new Call();
    for (let i = 0; i < 20; i++) {
      const ids = [`r${i}-1`, `r${i}-2`, `r${i}-3`];
      const at = { timestamp: start + i * 10_000, speechId: `speech-${i}` };
      for (const event of [retelling({ requestId: ids[0], ...at }), ...sentences(at, ids)]) {
        call.metrics(event, i * 10_000);
      }
    }
    call.close();
    expect(requests(call)).toBe(60);
    expect(characters(call)).toBe(20 * 89);
    expect(repeated(call)).toBe(20);
  });
});

describe('a TTS that streams by itself is counted by its streams', () => {
  const streamed = (requestId: string, at = 0) =>
    ttsMetrics({ streamed: true, requestId, timestamp: start + at, speechId: `speech-${at}` });

  test('the first one a second later, for it might repeat a sentence', () => {
    const call = new Call().metrics(streamed('r1'), 0).agent('speaking', 1000);
    expect(requests(call)).toBe(0);
    call.agent('listening', 1001);
    expect(requests(call)).toBe(1);
    expect(repeated(call)).toBe(0);
  });

  test('the first one at a tick, if nothing else happens', () => {
    const call = new Call().metrics(streamed('r1'), 0).tick(500);
    expect(requests(call)).toBe(0);
    expect(requests(call.tick(1500))).toBe(1);
  });

  test('the first one at the close, if that comes sooner', () => {
    expect(requests(new Call().metrics(streamed('r1'), 0).close('user_initiated', 10))).toBe(1);
  });

  test('the others at once', () => {
    const call = new Call().metrics(streamed('r1'), 0).tick(2000).metrics(streamed('r2', 3000), 3000);
    expect(requests(call)).toBe(2);
  });

  test('also when their ids are empty', () => {
    expect(requests(told([streamed('', 0), streamed('', 5000), streamed('', 9000)]))).toBe(3);
  });

  test('also when a fallback adapter has tried it with a sentence of its own, and in the same speech', () => {
    const probe = ttsMetrics({ requestId: 'probe', charactersCount: 37, speechId: 'speech-1' });
    const call = told([probe, ttsMetrics({ streamed: true, requestId: 'r1', speechId: 'speech-1' })]);
    expect(requests(call)).toBe(2);
    expect(repeated(call)).toBe(0);
  });

  test('also when such a trial failed, with no id and no audio', () => {
    const speech = { requestId: '', speechId: 'speech-1' };
    const failed = ttsMetrics({ ...speech, charactersCount: 37, audioDurationMs: 0, ttfbMs: -1 });
    const call = told([failed, ttsMetrics({ ...speech, charactersCount: 91, streamed: true })]);
    expect(requests(call)).toBe(2);
  });

  test('also when it has no ids, and such a trial was made in another speech', () => {
    const probe = ttsMetrics({ requestId: '', speechId: 'speech-1', charactersCount: 37 });
    const stream = ttsMetrics({ requestId: '', speechId: 'speech-2', charactersCount: 91, streamed: true });
    expect(requests(told([probe, stream]))).toBe(2);
  });

  test('also when its events have no time', () => {
    const call = new Call()
      .metrics(ttsMetrics({ streamed: true, timestamp: Number.NaN }), 0)
      .agent('speaking', 1);
    expect(requests(call)).toBe(1);
  });

  test('and the failure of a later request is not its own', () => {
    const error = { type: 'tts_error', label: 'acme.TTS', recoverable: false, timestamp: start + 900 };
    const call = new Call().metrics(streamed('r1'), 0).emit('error', { error }, 900).agent('listening', 1100);
    expect(call.total('lk_agents_tts_requests_total', { outcome: 'ok' })).toBe(1);
    expect(call.total('lk_agents_tts_requests_total', { outcome: 'error' })).toBe(1);
  });
});

test('a label that streams and speaks sentences too, as two voices of a provider, is counted by either', () => {
  const call = new Call().metrics(ttsMetrics({ streamed: true, requestId: 'stream-1' }), 0).tick(5000);
  const late = (given: Partial<metrics.TTSMetrics>) => ttsMetrics({ timestamp: start + 9000, ...given });
  call.metrics(late({ requestId: 'r1' }), 9000);
  // The voice that cannot stream tells before its second sentence, with the id of it.
  call.metrics(late({ requestId: 'r2', streamed: true }), 9000).metrics(late({ requestId: 'r2' }), 9001);
  call.metrics(late({ requestId: 'stream-2', streamed: true }), 9500).close('user_initiated', 20_000);
  expect(call.total('lk_agents_tts_requests_total', { streamed: 'true' })).toBe(2);
  expect(call.total('lk_agents_tts_requests_total', { streamed: 'false' })).toBe(2);
  expect(repeated(call)).toBe(1);
});

test('two voices do not take their sentences for each other', () => {
  const speech = { requestId: '', speechId: 'speech-1' };
  const call = told([
    ttsMetrics({ ...speech, label: 'one.TTS' }),
    ttsMetrics({ ...speech, label: 'two.TTS', charactersCount: 91, streamed: true }),
  ]);
  expect(requests(call)).toBe(2);
});

test('other metrics are not kept waiting', () => {
  const call = new Call().metrics(retelling()).metrics(llmMetrics());
  expect(call.values('lk_agents_llm_requests_total')).toEqual([1]);
});
