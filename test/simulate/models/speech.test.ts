import { initializeLogger, type metrics, stt, type VADEvent, VADEventType } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { Faults } from '../../../src/simulate/dialogue.ts';
import { stts } from '../../../src/simulate/fleet.ts';
import {
  isLoud,
  silentFrame,
  soundsLikeSpeech,
  speechFrame,
  utteranceOf,
} from '../../../src/simulate/models/audio.ts';
import { SimulatedStt } from '../../../src/simulate/models/stt.ts';
import { SimulatedVad } from '../../../src/simulate/models/vad.ts';
import { createRandom } from '../../../src/simulate/random.ts';

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));

const hello = { text: 'hello there', confidence: 0.9, loudness: 'speech' } as const;
const said = (frames: number) => Array.from({ length: frames }, () => speechFrame(hello));
const silence = (frames: number) => Array.from({ length: frames }, silentFrame);

describe('audio', () => {
  test('carries its text', () => {
    expect(utteranceOf(speechFrame(hello))).toBe(hello);
    expect(utteranceOf(silentFrame())).toBeUndefined();
  });

  test('is loud during speech, and speech is louder than a backchannel', () => {
    const backchannel = speechFrame({ ...hello, loudness: 'backchannel' }).data;
    expect([isLoud(speechFrame(hello).data), isLoud(backchannel), isLoud(silentFrame().data)]).toEqual([
      true,
      true,
      false,
    ]);
    for (let nth = 0; nth < 20; nth++) {
      expect(soundsLikeSpeech(speechFrame(hello, nth).data)).toBe(true);
      const soft = speechFrame({ ...hello, loudness: 'backchannel' }, nth).data;
      expect([isLoud(soft), soundsLikeSpeech(soft)]).toEqual([true, false]);
    }
  });
});

describe('the VAD', () => {
  async function detect(frames: AudioFrame[]) {
    const vad = new SimulatedVad(createRandom('vad'));
    const collected: metrics.VADMetrics[] = [];
    vad.on('metrics_collected', (event) => collected.push(event));
    const stream = vad.stream();
    for (const frame of frames) stream.pushFrame(frame);
    const events: VADEvent[] = [];
    for await (const event of stream) {
      events.push(event);
      if (events.filter(({ type }) => type === VADEventType.INFERENCE_DONE).length === frames.length) break;
    }
    stream.close();
    return { events, collected };
  }
  const of = (events: VADEvent[], type: VADEventType) => events.filter((event) => event.type === type);

  test('detects the start and the end of speech', async () => {
    // 50 ms per frame: 300 ms of speech, then silence; the end is detected 300 ms after the last word.
    const { events } = await detect([...silence(2), ...said(6), ...silence(8)]);
    const [start] = of(events, VADEventType.START_OF_SPEECH);
    const [end] = of(events, VADEventType.END_OF_SPEECH);
    expect(start).toMatchObject({ speechDuration: 100, speaking: true });
    expect(end).toMatchObject({ speechDuration: 300, silenceDuration: 300, speaking: false });
    expect(end?.frames.map(utteranceOf).filter(Boolean).length).toBe(6);
  });

  test('detects no speech in silence or in a click', async () => {
    const { events } = await detect([...silence(4), ...said(1), ...silence(8)]);
    expect(of(events, VADEventType.START_OF_SPEECH)).toEqual([]);
  });

  test('emits SDK metrics at each start of speech', async () => {
    const { collected } = await detect([...said(3), ...silence(8), ...said(3), ...silence(8)]);
    expect(collected.map(({ type, inferenceCount }) => [type, inferenceCount])).toEqual([
      ['vad_metrics', 1],
      ['vad_metrics', 1],
    ]);
  });
});

describe('a streaming STT', () => {
  async function recognise(model: keyof typeof stts, frames: AudioFrame[], faults = new Faults()) {
    const ears = new SimulatedStt({ model: stts[model], random: createRandom('stt'), faults });
    const collected: metrics.STTMetrics[] = [];
    ears.on('metrics_collected', (event) => collected.push(event));
    ears.on('error', () => {});
    const stream = ears.stream({ connOptions: { maxRetry: 1, retryIntervalMs: 1, timeoutMs: 1000 } });
    for (const frame of frames) stream.pushFrame(frame);
    const events: stt.SpeechEvent[] = [];
    const reading = (async () => {
      for await (const event of stream) {
        events.push(event);
        if (event.type === stt.SpeechEventType.FINAL_TRANSCRIPT) break;
      }
    })();
    return { ears, stream, events, collected, reading };
  }
  const texts = (events: stt.SpeechEvent[], type: stt.SpeechEventType) =>
    events.filter((event) => event.type === type).map(({ alternatives }) => alternatives?.[0].text);

  test('transcribes speech with interim results', async () => {
    const { events, reading, stream } = await recognise('nova-3', [...said(6), ...silence(6)]);
    await reading;
    stream.close();
    expect(texts(events, stt.SpeechEventType.INTERIM_TRANSCRIPT)).toEqual(['hello']);
    expect(texts(events, stt.SpeechEventType.FINAL_TRANSCRIPT)).toEqual(['hello there']);
    expect(events.at(-1)?.alternatives?.[0]).toMatchObject({ confidence: 0.9, startTime: 0, endTime: 0.3 });
  });

  test('reports usage every 5 s of audio, in tokens if its model bills by token', async () => {
    const { collected, reading, stream } = await recognise('gpt-4o-transcribe', [
      ...silence(100),
      ...said(6),
      ...silence(6),
    ]);
    await reading;
    stream.close();
    expect(collected[0]).toMatchObject({
      streamed: true,
      durationMs: 0,
      audioDurationMs: 5000,
      inputTokens: 50,
      outputTokens: 15,
      metadata: { modelProvider: 'openai', modelName: 'gpt-4o-transcribe' },
    });
  });

  test('continues after a lost connection', async () => {
    const faults = new Faults();
    faults.arm('stt');
    const { reading, events, stream } = await recognise(
      'nova-3',
      [...silence(1), ...said(6), ...silence(6)],
      faults,
    );
    await reading;
    stream.close();
    expect(texts(events, stt.SpeechEventType.FINAL_TRANSCRIPT)).toEqual(['hello there']);
  });
});

describe('an STT that does not stream', () => {
  test('transcribes a complete utterance, and the SDK measures it', async () => {
    const ears = new SimulatedStt({
      model: stts['faster-whisper'],
      random: createRandom('stt'),
      faults: new Faults(),
    });
    const collected: metrics.STTMetrics[] = [];
    ears.on('metrics_collected', (event) => collected.push(event));
    const event = await ears.recognize([...said(6), ...silence(6)]);
    expect(event.alternatives?.[0].text).toBe('hello there');
    expect(ears.capabilities.streaming).toBe(false);
    expect(collected).toMatchObject([{ streamed: false, audioDurationMs: 600 }]);
    expect(collected[0]?.durationMs).toBeGreaterThan(50);
  });

  test('transcribes nothing in noise', async () => {
    const ears = new SimulatedStt({
      model: stts['faster-whisper'],
      random: createRandom('stt'),
      faults: new Faults(),
    });
    const noise = new AudioFrame(new Int16Array(800).fill(9000), 16_000, 1, 800);
    expect((await ears.recognize(noise)).alternatives?.[0].text).toBe('');
  });
});
