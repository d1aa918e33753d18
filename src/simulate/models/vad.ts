import { VAD, type VADEvent, VADEventType, VADStream } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import type { Random } from '../random.ts';
import { isLoud } from './audio.ts';

const minSpeechMs = 100;
const minSilenceMs = 300;

/** A VAD based on the energy of the audio. The SDK's base class creates its metrics. */
export class SimulatedVad extends VAD {
  label = 'simulate.VAD';
  readonly random: Random;

  constructor(random: Random) {
    // The base class reports at every (1000 / updateInterval)-th start of speech; this value means every start.
    super({ updateInterval: 1000 });
    this.random = random;
  }

  override get minSilenceDuration(): number {
    return minSilenceMs;
  }

  stream(): VADStream {
    return new SimulatedVadStream(this);
  }
}

class SimulatedVadStream extends VADStream {
  readonly #random: Random;
  #speaking = false;
  #speechMs = 0;
  #silenceMs = 0;
  #clockMs = 0;
  #samples = 0;
  #heard: AudioFrame[] = [];

  constructor(vad: SimulatedVad) {
    super(vad);
    this.#random = vad.random;
    void this.#run();
  }

  async #run(): Promise<void> {
    try {
      while (!this.closed) {
        const { done, value } = await this.inputReader.read();
        if (done || this.closed) return;
        if (typeof value === 'symbol') this.#reset();
        else this.#hear(value);
      }
    } catch {
      // The stream was closed while it was read; no audio is left.
    }
  }

  #reset(): void {
    this.#speaking = false;
    this.#speechMs = 0;
    this.#silenceMs = 0;
    this.#heard = [];
  }

  #hear(frame: AudioFrame): void {
    const ms = (frame.samplesPerChannel / frame.sampleRate) * 1000;
    this.#clockMs += ms;
    this.#samples += frame.samplesPerChannel;
    const loud = isLoud(frame.data);
    if (loud) {
      this.#speechMs += ms;
      this.#silenceMs = 0;
    } else {
      this.#silenceMs += ms;
      if (!this.#speaking) this.#speechMs = 0;
    }
    if (this.#speechMs > 0) this.#heard.push(frame);
    else this.#heard = [];

    if (!this.#speaking && this.#speechMs >= minSpeechMs) {
      this.#speaking = true;
      // Before its inference: the base class counts the time between an inference and this event as idle.
      this.#emit(VADEventType.START_OF_SPEECH, [...this.#heard], loud);
    }
    this.#emit(VADEventType.INFERENCE_DONE, [frame], loud);
    if (this.#speaking && this.#silenceMs >= minSilenceMs) {
      this.#speaking = false;
      this.#emit(VADEventType.END_OF_SPEECH, this.#heard, loud);
      this.#reset();
    }
  }

  #emit(type: VADEventType, frames: AudioFrame[], loud: boolean): void {
    const event: VADEvent = {
      type,
      samplesIndex: this.#samples,
      timestamp: this.#clockMs,
      speechDuration: this.#speechMs,
      silenceDuration: this.#silenceMs,
      frames,
      probability: loud ? 0.95 : 0.02,
      inferenceDuration: this.#random.lognormal(1.2, 0.4),
      speaking: this.#speaking,
      rawAccumulatedSilence: loud ? 0 : this.#silenceMs,
      rawAccumulatedSpeech: loud ? this.#speechMs : 0,
    };
    this.sendVADEvent(event);
  }
}
