import { initializeLogger } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Utterance, utteranceOf } from '../../../src/simulate/models/audio.ts';
import { CallerLoudspeaker, CallerMicrophone } from '../../../src/simulate/models/caller-audio.ts';

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the microphone', () => {
  test('sends a frame every 50 ms, silent unless the caller speaks', async () => {
    const microphone = new CallerMicrophone();
    const reader = microphone.stream.getReader();
    const heard: (Utterance | undefined)[] = [];
    const listening = (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        heard.push(utteranceOf(value));
      }
    })();
    await vi.advanceTimersByTimeAsync(200);
    const utterance: Utterance = { text: 'hi', confidence: 1, loudness: 'speech' };
    const said = microphone.say(utterance, 150);
    await vi.advanceTimersByTimeAsync(250);
    await said;
    expect(heard.map((what) => what?.text)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      'hi',
      'hi',
      'hi',
      undefined,
      undefined,
    ]);
    await microphone.close();
    await listening;
  });

  test('stops in the middle of a word when the caller hangs up', async () => {
    const [started, stopped] = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'clearInterval')];
    const microphone = new CallerMicrophone();
    const timer = started.mock.results[0]?.value;
    const reader = microphone.stream.getReader();
    let frames = 0;
    const listening = (async () => {
      while (!(await reader.read()).done) frames++;
    })();
    const said = microphone.say({ text: 'hi', confidence: 1, loudness: 'speech' }, 5000);
    await vi.advanceTimersByTimeAsync(100);
    microphone.stop();
    expect(stopped).toHaveBeenCalledWith(timer);
    await said;
    await vi.advanceTimersByTimeAsync(1000);
    await microphone.close();
    await listening;
    expect(frames).toBe(2);
  });
});

describe('the loudspeaker', () => {
  const second = () => new AudioFrame(new Int16Array(24_000), 24_000, 1, 24_000);

  function start(speed = 1) {
    const loudspeaker = new CallerLoudspeaker({ speed, startDelay: () => 40 });
    const events: unknown[] = [];
    loudspeaker.on('playbackStarted', () => events.push('started'));
    loudspeaker.on('playbackFinished', (event) => events.push(event));
    return { loudspeaker, events };
  }

  test('plays audio that arrives at once in real time', async () => {
    const { loudspeaker, events } = start();
    await loudspeaker.captureFrame(second());
    await loudspeaker.captureFrame(second());
    loudspeaker.flush();
    await vi.advanceTimersByTimeAsync(39);
    expect(events).toEqual([]);
    await vi.advanceTimersByTimeAsync(2);
    expect(events).toEqual(['started']);
    await vi.advanceTimersByTimeAsync(1990);
    expect(events.length).toBe(1);
    await vi.advanceTimersByTimeAsync(20);
    expect(events[1]).toEqual({ playbackPosition: 2, interrupted: false });
  });

  test('plays faster when the speed is higher', async () => {
    const { loudspeaker, events } = start(4);
    await loudspeaker.captureFrame(second());
    loudspeaker.flush();
    await vi.advanceTimersByTimeAsync(300);
    expect(events).toEqual(['started', { playbackPosition: 1, interrupted: false }]);
  });

  test('does not advance while paused', async () => {
    const { loudspeaker, events } = start();
    await loudspeaker.captureFrame(second());
    loudspeaker.flush();
    await vi.advanceTimersByTimeAsync(540);
    loudspeaker.pause();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(events).toEqual(['started']);
    loudspeaker.resume();
    await vi.advanceTimersByTimeAsync(490);
    expect(events.length).toBe(1);
    await vi.advanceTimersByTimeAsync(20);
    expect(events[1]).toEqual({ playbackPosition: 1, interrupted: false });
  });

  test('reports the playback position when interrupted', async () => {
    const { loudspeaker, events } = start();
    await loudspeaker.captureFrame(second());
    await vi.advanceTimersByTimeAsync(290);
    loudspeaker.clearBuffer();
    const { playbackPosition, interrupted } = events[1] as { playbackPosition: number; interrupted: boolean };
    expect(interrupted).toBe(true);
    expect(playbackPosition).toBeCloseTo(0.25, 1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(events).toHaveLength(2);
  });

  test('plays the next speech after the last one', async () => {
    const { loudspeaker, events } = start();
    for (let i = 0; i < 2; i++) {
      await loudspeaker.captureFrame(second());
      loudspeaker.flush();
      await vi.advanceTimersByTimeAsync(1100);
    }
    expect(events.filter((event) => event === 'started').length).toBe(2);
    expect(events.length).toBe(4);
  });
});
