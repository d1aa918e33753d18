import { APIConnectionError, type AudioBuffer, type LanguageCode, stt } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import type { Faults } from '../dialogue.ts';
import type { SttModel } from '../fleet.ts';
import { pause } from '../pause.ts';
import type { Random } from '../random.ts';
import { inputSampleRate, isLoud, type Utterance, utteranceOf } from './audio.ts';

export interface SttOptions {
  model: SttModel;
  random: Random;
  faults: Faults;
}

/** Silence after which the STT ends an utterance, in milliseconds of audio. */
const endOfUtteranceMs = 200;
/** The interval of audio at which a streaming STT reports its usage, as real ones do. */
const usageEveryMs = 5000;

/** A simulated STT: reads the transcripts from the frames, with the latency of its model. */
export class SimulatedStt extends stt.STT {
  label = 'simulate.STT';
  readonly #options: SttOptions;
  #requests = 0;

  constructor(options: SttOptions) {
    const { streaming } = options.model;
    // Adaptive interruption delays transcripts by their word timings, and therefore needs them.
    super({ streaming, interimResults: streaming, alignedTranscript: streaming ? 'word' : false });
    this.#options = options;
  }

  override get model(): string {
    return this.#options.model.model;
  }

  override get provider(): string {
    return this.#options.model.provider;
  }

  protected async _recognize(buffer: AudioBuffer, signal?: AbortSignal): Promise<stt.SpeechEvent> {
    const frames = Array.isArray(buffer) ? buffer : [buffer];
    const { model, random } = this.#options;
    await pause(random.lognormal(model.final.median, model.final.sigma), signal);
    if (this.#options.faults.take('stt')) throw new APIConnectionError({ message: 'simulated: no answer' });
    const utterance = frames.map(utteranceOf).find((said) => said !== undefined);
    return {
      type: stt.SpeechEventType.FINAL_TRANSCRIPT,
      requestId: this.nextRequestId(),
      alternatives: [transcript(utterance?.text ?? '', utterance?.confidence ?? 0, 0, seconds(frames))],
    };
  }

  stream(options?: Parameters<stt.STT['stream']>[0]): stt.SpeechStream {
    return new SimulatedSpeechStream(this, this.#options, options?.connOptions);
  }

  /** Unique among all models and requests: adapters repeat ids, and are recognised by that. */
  nextRequestId(): string {
    return `${this.model}_${process.pid}_${++this.#requests}`;
  }
}

/** An utterance being received by the stream; times are in milliseconds of audio. */
interface Hearing {
  utterance: Utterance;
  startedMs: number;
  endedMs: number;
}

class SimulatedSpeechStream extends stt.SpeechStream {
  label = 'simulate.SpeechStream';
  readonly #stt: SimulatedStt;
  readonly #options: SttOptions;
  #hearing: Hearing | undefined;
  #clockMs = 0;
  #silenceMs = 0;
  #unreportedMs = 0;

  constructor(
    owner: SimulatedStt,
    options: SttOptions,
    connOptions?: ConstructorParameters<typeof stt.SpeechStream>[2],
  ) {
    super(owner, inputSampleRate, connOptions);
    this.#stt = owner;
    this.#options = options;
  }

  protected async run(): Promise<void> {
    for await (const frame of this.input) {
      if (typeof frame === 'symbol') continue;
      if (this.#options.faults.take('stt')) {
        throw new APIConnectionError({ message: 'simulated: the connection was lost' });
      }
      this.#hear(frame);
    }
    this.#report();
  }

  #hear(frame: AudioFrame): void {
    const ms = (frame.samplesPerChannel / frame.sampleRate) * 1000;
    this.#clockMs += ms;
    this.#unreportedMs += ms;
    const utterance = utteranceOf(frame);
    if (utterance && isLoud(frame.data)) {
      this.#silenceMs = 0;
      if (this.#hearing?.utterance !== utterance) {
        if (this.#hearing) this.#conclude(this.#hearing);
        this.#hearing = { utterance, startedMs: this.#clockMs - ms, endedMs: this.#clockMs };
        this.#interim(utterance);
      }
      this.#hearing.endedMs = this.#clockMs;
    } else if (this.#hearing) {
      this.#silenceMs += ms;
      if (this.#silenceMs >= endOfUtteranceMs) {
        this.#conclude(this.#hearing);
        this.#hearing = undefined;
      }
    }
    if (this.#unreportedMs >= usageEveryMs) this.#report();
  }

  #interim(utterance: Utterance): void {
    const first = utterance.text?.split(' ')[0];
    if (!first) return;
    const at = this.#clockMs / 1000;
    const alternatives: stt.SpeechEvent['alternatives'] = [transcript(first, 0.5, at, at)];
    this.#put({ type: stt.SpeechEventType.INTERIM_TRANSCRIPT, alternatives });
  }

  /** Emits the final transcript after the model's latency, and reports the audio usage. */
  #conclude({ utterance, startedMs, endedMs }: Hearing): void {
    if (!utterance.text) return;
    const { model, random } = this.#options;
    const { text, confidence } = utterance;
    const alternatives: stt.SpeechEvent['alternatives'] = [
      transcript(text, confidence, startedMs / 1000, endedMs / 1000),
    ];
    const requestId = this.#stt.nextRequestId();
    void pause(random.lognormal(model.final.median, model.final.sigma), this.abortSignal).then((passed) => {
      if (passed) this.#put({ type: stt.SpeechEventType.FINAL_TRANSCRIPT, requestId, alternatives });
    });
  }

  #report(): void {
    const audioDuration = this.#unreportedMs / 1000;
    this.#unreportedMs = 0;
    if (audioDuration === 0) return;
    const tokens = this.#options.model.tokens
      ? { inputTokens: Math.round(audioDuration * 10), outputTokens: Math.round(audioDuration * 3) }
      : {};
    this.#put({
      type: stt.SpeechEventType.RECOGNITION_USAGE,
      requestId: this.#stt.nextRequestId(),
      recognitionUsage: { audioDuration, ...tokens },
    });
  }

  #put(event: stt.SpeechEvent): void {
    if (!this.queue.closed) this.queue.put(event);
  }
}

const seconds = (frames: readonly AudioFrame[]): number =>
  frames.reduce((sum, frame) => sum + frame.samplesPerChannel / frame.sampleRate, 0);

const transcript = (
  text: string,
  confidence: number,
  startTime: number,
  endTime: number,
): stt.SpeechData => ({
  text,
  confidence,
  startTime,
  endTime,
  language: 'en' as LanguageCode,
});
