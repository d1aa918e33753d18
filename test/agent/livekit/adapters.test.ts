import type { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { llm, metrics, stt, tokenize, tts } from '@livekit/agents';
import { describe, expect, test, vi } from 'vitest';
import { inSeconds } from '../../../src/agent/livekit/sdk-event.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import { SessionObserver } from '../../../src/session/session-observer.ts';
import { valuesOf } from './call.ts';
import { FakeLlm, FakeStreamingStt, FakeStt, FakeTts, type FakeTtsOptions, FakeVad, frame } from './fakes.ts';

/** The samples of a session that uses `adapter`, and the actual usage of its `children`. */
function counted(adapter: EventEmitter, children: readonly EventEmitter[]) {
  const observer = new SessionObserver();
  const observations: Observation[] = [];
  const billed = new metrics.ModelUsageCollector();
  const handle = (name: 'metrics_collected' | 'error', event: object) =>
    observations.push(
      ...observer.handle(name, inSeconds(name, { type: name, createdAt: Date.now(), ...event } as never)),
    );
  adapter.on('metrics_collected', (m) => handle('metrics_collected', { metrics: m }));
  adapter.on('error', (error) => handle('error', { error, source: adapter }));
  for (const child of children) {
    // Streamed events of a non-streaming child come from the adapter's stream and are duplicates.
    const streams = (child as { capabilities?: { streaming: boolean } }).capabilities?.streaming !== false;
    child.on('metrics_collected', (m: metrics.AgentMetrics) => {
      if (!streams && 'streamed' in m && m.streamed) return;
      billed.collect(m);
    });
  }
  return {
    total(metric: Parameters<typeof valuesOf>[1], labels?: Record<string, string>) {
      observations.push(...observer.ended());
      return valuesOf(observations, metric, labels).reduce((sum, value) => sum + value, 0);
    },
    /** A sum of the SDK's own collector over the children only. */
    billed(field: string) {
      return billed.flatten().reduce((sum, usage) => sum + ((usage as never)[field] as number), 0);
    },
  };
}

const question = () => {
  const context = llm.ChatContext.empty();
  context.addMessage({ role: 'user', content: 'hello' });
  return context;
};
/**
 * Waits until pending work of this process completes: chained timers need one turn of the event loop each, however slow a
 * busy machine is.
 */
async function pendingTimers(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await pause(2);
}
const quick = { maxRetry: 0, retryIntervalMs: 1, timeoutMs: 30_000 };

describe("the SDK's fallback adapter of LLMs", () => {
  async function chat(children: FakeLlm[], times = 1) {
    const adapter = new llm.FallbackAdapter({ llms: children });
    const calls = counted(adapter, children);
    let events = 0;
    adapter.on('metrics_collected', () => events++);
    for (let i = 0; i < times; i++) {
      for await (const _ of adapter.chat({ chatCtx: question(), connOptions: quick })) {
        // Only read the response.
      }
    }
    // The adapter probes a failed child in the background.
    await pendingTimers();
    return { ...calls, events };
  }

  test.each(['new', 'empty', 'same'] as const)(
    'counts the child that responds, with request ids that are %s',
    async (ids) => {
      const calls = await chat([new FakeLlm({ ids })], 2);
      expect(calls.events).toBe(4);
      expect(calls.total('lk_agents_llm_requests_total', { model_name: 'llm-1', outcome: 'ok' })).toBe(2);
      expect(calls.total('lk_agents_llm_requests_total')).toBe(2);
      expect(calls.total('lk_agents_usage_llm_input_tokens_total')).toBe(200);
      expect(calls.billed('inputTokens')).toBe(200);
      expect(calls.total('talkgauge_duplicate_events_total', { type: 'llm_metrics' })).toBe(2);
    },
  );

  test('counts the failed child as an error, and the child that replaced it', async () => {
    const calls = await chat([new FakeLlm({ model: 'down', fails: 2 }), new FakeLlm({ model: 'up' })]);
    expect(calls.total('lk_agents_llm_requests_total', { model_name: 'up', outcome: 'ok' })).toBe(1);
    // Once for the caller, and once for the background probe.
    expect(calls.total('lk_agents_llm_requests_total', { model_name: 'down', outcome: 'error' })).toBe(2);
    expect(calls.total('lk_agents_llm_requests_total')).toBe(3);
    expect(calls.total('lk_agents_usage_llm_output_tokens_total')).toBe(calls.billed('outputTokens'));
  });

  test('counts only errors when all children fail', async () => {
    const calls = await chat([new FakeLlm({ fails: 2 }), new FakeLlm({ fails: 2 })]);
    expect(calls.total('lk_agents_llm_requests_total', { outcome: 'error' })).toBe(4);
    expect(calls.total('lk_agents_llm_requests_total')).toBe(4);
    expect(calls.total('talkgauge_duplicate_events_total')).toBe(1);
  });
});

const text = 'Hello there my dear friend. This is the second sentence of it. And a third one is here now.';

async function speak(adapter: tts.TTS, { writeInterval = 0, cut = false } = {}) {
  const stream = adapter.stream({ connOptions: quick });
  let first = () => {};
  const heard = new Promise<void>((resolve) => {
    first = resolve;
  });
  const read = (async () => {
    for await (const _ of stream) first();
  })();
  for (const word of writeInterval ? text.match(/\S+\s*/g)! : [text]) {
    stream.pushText(word);
    if (writeInterval) await pause(writeInterval);
  }
  stream.flush();
  stream.endInput();
  if (cut) {
    await heard;
    stream.close();
  }
  await read;
  await pendingTimers();
}

describe("the SDK's stream adapter of a non-streaming TTS", () => {
  const voices: Record<string, FakeTtsOptions> = {
    'with flagged last frames': {},
    'without flagged last frames': { final: false },
    'with flagged last frames, without ids': { ids: 'empty' },
    'without flagged last frames, without ids': { ids: 'empty', final: false },
    'with a delayed end': { endDelay: 20 },
    'with a delayed end, without ids': { endDelay: 20, ids: 'empty' },
    'with delayed frames': { frameInterval: 1 },
  };

  test.each(Object.entries(voices))('%s, is billed by sentence', async (_, options) => {
    const child = new FakeTts({ streaming: false, ...options });
    const adapter = new tts.StreamAdapter(child, new tokenize.basic.SentenceTokenizer());
    // The session listens to the TTS itself, because the adapter is created for each speech.
    const calls = counted(child, [child]);
    await speak(adapter);
    await speak(adapter, { writeInterval: 1 });
    expect(calls.total('lk_agents_tts_requests_total', { streamed: 'false' })).toBe(6);
    expect(calls.total('lk_agents_tts_requests_total')).toBe(6);
    expect(calls.total('lk_agents_usage_tts_characters_total')).toBe(178);
    expect(calls.billed('charactersCount')).toBe(178);
    expect(calls.total('lk_agents_usage_tts_audio_duration_seconds_total') * 1000).toBeCloseTo(
      calls.billed('audioDurationMs'),
      6,
    );
  });

  test.each(['new', 'empty'] as const)(
    'interrupted, is billed for the synthesised text, with ids that are %s',
    async (ids) => {
      const child = new FakeTts({ streaming: false, frameInterval: 2, ids });
      const calls = counted(child, [child]);
      await speak(new tts.StreamAdapter(child, new tokenize.basic.SentenceTokenizer()), { cut: true });
      expect(calls.billed('charactersCount')).toBeGreaterThan(0);
      expect(calls.total('lk_agents_usage_tts_characters_total')).toBe(calls.billed('charactersCount'));
      expect(calls.total('lk_agents_tts_requests_total', { streamed: 'true' })).toBe(0);
    },
  );
});

describe("the SDK's fallback adapter of TTS", () => {
  async function speakWith(children: FakeTts[], times = 1) {
    const adapter = new tts.FallbackAdapter({
      ttsInstances: children,
      maxRetryPerTTS: 0,
      recoveryDelayMs: 60_000,
    });
    const calls = counted(adapter, children);
    for (let i = 0; i < times; i++) await speak(adapter);
    await adapter.close();
    return calls;
  }

  test.each(['new', 'empty', 'same'] as const)(
    'counts the child that speaks, with request ids that are %s',
    async (ids) => {
      const calls = await speakWith([new FakeTts({ ids })], 2);
      expect(calls.total('lk_agents_tts_requests_total', { model_name: 'tts-1', streamed: 'true' })).toBe(2);
      expect(calls.total('lk_agents_tts_requests_total')).toBe(2);
      expect(calls.total('lk_agents_usage_tts_characters_total')).toBe(2 * text.length);
      expect(calls.billed('charactersCount')).toBe(2 * text.length);
    },
  );

  test.each(['new', 'empty'] as const)(
    'counts the sentences of a non-streaming child, with ids that are %s',
    async (ids) => {
      const calls = await speakWith([new FakeTts({ streaming: false, ids })], 2);
      expect(calls.total('lk_agents_tts_requests_total', { streamed: 'false' })).toBe(6);
      expect(calls.total('lk_agents_tts_requests_total')).toBe(6);
      expect(calls.total('lk_agents_usage_tts_characters_total')).toBe(178);
      expect(calls.billed('charactersCount')).toBe(178);
    },
  );

  test('counts the child that replaced a failed one', async () => {
    const calls = await speakWith([new FakeTts({ model: 'down', fails: 1 }), new FakeTts({ model: 'up' })]);
    expect(calls.total('lk_agents_tts_requests_total', { model_name: 'up', outcome: 'ok' })).toBe(1);
    expect(calls.total('lk_agents_usage_tts_characters_total', { model_name: 'up' })).toBe(text.length);
    // The adapter probes the failed one in the background with a text of 37 characters.
    expect(calls.total('lk_agents_tts_requests_total', { model_name: 'down', outcome: 'ok' })).toBe(1);
    expect(calls.total('lk_agents_usage_tts_characters_total')).toBe(text.length + 37);
    expect(calls.billed('charactersCount')).toBe(text.length + 37);
    expect(calls.total('lk_agents_tts_requests_total', { outcome: 'error' })).toBe(1);
  });
});

describe('STT', () => {
  async function listen(adapter: stt.STT, frames: number) {
    const stream = adapter.stream();
    for (let i = 0; i < frames; i++) stream.pushFrame(frame());
    await pendingTimers();
    stream.close();
  }

  test("the SDK's stream adapter is counted by the audio that its child recognised", async () => {
    const child = new FakeStt();
    const adapter = new stt.StreamAdapter(child, new FakeVad());
    const calls = counted(adapter, [child]);
    await listen(adapter, 3);
    expect(calls.total('lk_agents_stt_requests_total', { streamed: 'false', model_name: 'stt-1' })).toBe(3);
    expect(calls.total('lk_agents_stt_requests_total')).toBe(3);
    expect(calls.total('lk_agents_usage_stt_audio_duration_seconds_total')).toBeCloseTo(0.03, 9);
    expect(calls.billed('audioDurationMs')).toBe(30);
  });

  test("the SDK's stream adapter reports a single utterance twice and is counted once", async () => {
    const child = new FakeStt();
    const adapter = new stt.StreamAdapter(child, new FakeVad());
    const calls = counted(adapter, [child]);
    await adapter.recognize(frame());
    expect(calls.total('lk_agents_stt_requests_total')).toBe(1);
    expect(calls.total('talkgauge_duplicate_events_total', { type: 'stt_metrics' })).toBe(1);
    expect(calls.billed('audioDurationMs')).toBe(10);
  });

  test("the SDK's fallback adapter is counted by its children", async () => {
    const [down, up] = [new FakeStt({ fails: 2, model: 'down' }), new FakeStt({ model: 'up' })];
    const adapter = new stt.FallbackAdapter({
      sttInstances: [down, up],
      vad: new FakeVad(),
      maxRetryPerSTT: 0,
    });
    const calls = counted(adapter, [down, up]);
    await adapter.recognize(frame());
    await adapter.close();
    expect(calls.total('lk_agents_stt_requests_total', { model_name: 'up' })).toBe(1);
    expect(calls.total('lk_agents_stt_requests_total')).toBe(1);
    expect(calls.billed('audioDurationMs')).toBe(10);
  });

  test('each report of a stream is counted, although the reports share a request id', async () => {
    const streaming = new FakeStreamingStt();
    const calls = counted(streaming, [streaming]);
    await listen(streaming, 4);
    await vi.waitFor(() => expect(calls.billed('audioDurationMs')).toBe(4000));
    expect(calls.total('lk_agents_stt_requests_total', { streamed: 'true' })).toBe(4);
    expect(calls.total('lk_agents_usage_stt_audio_duration_seconds_total')).toBe(4);
  });
});
