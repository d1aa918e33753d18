import { APIConnectionError, APIStatusError, tts } from '@livekit/agents';
import type { Faults } from '../dialogue.ts';
import type { TtsModel } from '../fleet.ts';
import type { Incidents } from '../incidents.ts';
import { pause } from '../pause.ts';
import type { Random } from '../random.ts';
import { framesFor, outputFrameMs, outputSampleRate, voiceFrame } from './audio.ts';

export interface TtsOptions {
  model: TtsModel;
  random: Random;
  faults: Faults;
  incidents: Incidents;
}

/** The speed of synthesis, as a multiple of real time. */
const synthesisSpeed = 12;

/** A simulated TTS: audio of the right length, with the latency of its model. */
export class SimulatedTts extends tts.TTS {
  label = 'simulate.TTS';
  readonly #options: TtsOptions;
  #requests = 0;

  constructor(options: TtsOptions) {
    super(outputSampleRate, 1, { streaming: options.model.streaming });
    this.#options = options;
  }

  override get model(): string {
    return this.#options.model.model;
  }

  override get provider(): string {
    return this.#options.model.provider;
  }

  override synthesize(
    text: string,
    connOptions?: Parameters<tts.TTS['synthesize']>[1],
    abortSignal?: AbortSignal,
  ): tts.ChunkedStream {
    return new SimulatedChunkedStream(text, this, connOptions, abortSignal);
  }

  override stream(options?: Parameters<tts.TTS['stream']>[0]): tts.SynthesizeStream {
    return new SimulatedSynthesizeStream(this, options?.connOptions);
  }

  /** Unique among all models and requests: adapters repeat ids, and are recognised by that. */
  nextRequestId(): string {
    return `${this.model}_${process.pid}_${++this.#requests}`;
  }

  /**
   * The audio of a text: waits for the first frame, unless it continues the current speech, then yields frames as they are
   * synthesized.
   */
  async *speak(
    text: string,
    signal: AbortSignal,
    { id, continued }: { id: string; continued: boolean },
  ): AsyncGenerator<tts.SynthesizedAudio> {
    if (!continued && !(await this.#firstByte(signal))) return;
    const frames = framesFor(text);
    for (let i = 1; i <= frames; i++) {
      yield { requestId: id, segmentId: id, frame: voiceFrame(i), final: false };
      const pushed = i % 10 === 0 && i < frames;
      if (pushed && !(await pause((10 * outputFrameMs) / synthesisSpeed, signal))) return;
    }
  }

  /** Waits for the model's latency to the first audio; throws the fault of this synthesis, if any. */
  async #firstByte(signal: AbortSignal): Promise<boolean> {
    const { model, random, faults, incidents } = this.#options;
    if (faults.take('tts-fatal')) {
      throw new APIStatusError({
        message: 'simulated: the voice does not exist',
        options: { statusCode: 404, retryable: false },
      });
    }
    if (faults.take('tts-once'))
      throw new APIConnectionError({ message: 'simulated: the connection was reset' });
    const stalled = model.provider === 'cartesia' && incidents.active('tts-stall') && random.chance(0.5);
    const stall = stalled ? random.lognormal(3500, 0.3) : 0;
    return pause(stall + random.lognormal(model.ttfb.median, model.ttfb.sigma), signal);
  }

  /** Tokens reported for a text by providers that bill by token; undefined for the others. */
  tokens(text: string): { inputTokens: number; outputTokens: number } | undefined {
    if (!this.#options.model.tokens) return undefined;
    const seconds = (framesFor(text) * outputFrameMs) / 1000;
    return { inputTokens: Math.ceil(text.length / 4), outputTokens: Math.round(seconds * 20) };
  }
}

class SimulatedSynthesizeStream extends tts.SynthesizeStream {
  label = 'simulate.SynthesizeStream';
  readonly #tts: SimulatedTts;
  readonly #id: string;
  /** The text read from the input, and how much of it was spoken; a retry continues from here. */
  #text = '';
  #spoken = 0;
  /** The latest frame, held back: the SDK measures a synthesis at its final frame. */
  #held: tts.SynthesizedAudio | undefined;

  constructor(owner: SimulatedTts, connOptions?: ConstructorParameters<typeof tts.SynthesizeStream>[1]) {
    super(owner, connOptions);
    this.#tts = owner;
    this.#id = owner.nextRequestId();
  }

  /** Speaks the first sentence while the LLM is still writing the others, as real plugins do. */
  protected async run(): Promise<void> {
    let first: Promise<void> | undefined;
    for await (const input of this.input) {
      if (typeof input !== 'string') continue;
      this.#text += input;
      const end = sentenceEnd(this.#text);
      if (!first && this.#spoken === 0 && end > 0) {
        first = this.#speak(end);
        // Awaited below; until then a rejection must not count as unhandled.
        first.catch(() => {});
      }
    }
    await first;
    await this.#speak(this.#text.length);
    if (!this.#held) return;
    const tokens = this.#tts.tokens(this.#text);
    if (tokens) this.setTokenUsage(tokens);
    this.#put({ ...this.#held, final: true });
    if (!this.queue.closed) this.queue.put(tts.SynthesizeStream.END_OF_STREAM);
  }

  async #speak(end: number): Promise<void> {
    const text = this.#text.slice(this.#spoken, end);
    if (!text.trim()) return;
    this.markStarted();
    const continued = this.#spoken > 0;
    for await (const audio of this.#tts.speak(text, this.abortSignal, { id: this.#id, continued })) {
      if (this.#held) this.#put(this.#held);
      this.#held = audio;
    }
    this.#spoken = end;
  }

  #put(audio: tts.SynthesizedAudio): void {
    if (!this.queue.closed) this.queue.put(audio);
  }
}

/** The end of the first sentence of a text; 0 if it is incomplete. */
function sentenceEnd(text: string): number {
  const end = text.search(/[.!?]\s/);
  return end < 0 ? 0 : end + 2;
}

class SimulatedChunkedStream extends tts.ChunkedStream {
  label = 'simulate.ChunkedStream';
  readonly #tts: SimulatedTts;

  constructor(
    text: string,
    owner: SimulatedTts,
    connOptions?: ConstructorParameters<typeof tts.ChunkedStream>[2],
    abortSignal?: AbortSignal,
  ) {
    super(text, owner, connOptions, abortSignal);
    this.#tts = owner;
  }

  protected async run(): Promise<void> {
    const tokens = this.#tts.tokens(this.inputText);
    if (tokens) this.setTokenUsage(tokens);
    const speech = { id: this.#tts.nextRequestId(), continued: false };
    for await (const audio of this.#tts.speak(this.inputText, this.abortSignal, speech)) {
      if (!this.queue.closed) this.queue.put(audio);
    }
  }
}
