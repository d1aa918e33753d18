import { setTimeout as pause } from 'node:timers/promises';
import {
  APIConnectionError,
  initializeLogger,
  llm,
  stt,
  tts,
  VAD,
  type VADEvent,
  VADEventType,
  VADStream,
  voice,
} from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';

initializeLogger({ pretty: false, level: 'silent' });

/** The behaviour of a fake model. */
export interface FakeModelOptions {
  model?: string;
  /** The `requestId` of responses. @default a new one for each request */
  ids?: 'new' | 'empty' | 'same';
  /** Number of requests that fail before one succeeds. @default 0 */
  fails?: number;
  /** Milliseconds until the response begins. @default 1 */
  delay?: number;
  /** The response of an LLM. @default 'Good morning.' */
  text?: string;
  /** A tool that an LLM calls before it responds to a message. @default none */
  tool?: string;
}

let requests = 0;
const idOf = ({ ids = 'new' }: FakeModelOptions) =>
  ({ new: `request-${++requests}`, empty: '', same: 'request' })[ids];
/** Throws while failures remain, and decrements their number. */
function failIfRequested(options: FakeModelOptions): void {
  if (!options.fails) return;
  options.fails--;
  throw new APIConnectionError({ message: 'no answer' });
}
const once = { maxRetry: 0, retryIntervalMs: 1, timeoutMs: 1000 };
const rate = 16_000;
/** 10 ms of silence. */
const frame = () => new AudioFrame(new Int16Array(rate / 100), rate, 1, rate / 100);

/** An LLM of the provider `acme`; each response uses 100 input tokens, 10 of them cached, and 5 output tokens. */
export class FakeLlm extends llm.LLM {
  readonly options: FakeModelOptions;

  constructor(options: FakeModelOptions = {}) {
    super();
    this.options = options;
  }

  label = () => 'acme.LLM';
  override get model() {
    return this.options.model ?? 'llm-1';
  }
  override get provider() {
    return 'acme';
  }
  chat({ chatCtx, toolCtx, connOptions = once }: Parameters<llm.LLM['chat']>[0]) {
    return new FakeLlmStream(this, { chatCtx, toolCtx, connOptions });
  }
}

class FakeLlmStream extends llm.LLMStream {
  readonly #options: FakeModelOptions;

  constructor(owner: FakeLlm, options: ConstructorParameters<typeof llm.LLMStream>[1]) {
    super(owner, options);
    this.#options = owner.options;
  }

  protected async run() {
    const { delay = 1, text = 'Good morning.', tool } = this.#options;
    const { signal } = this.abortController;
    await pause(delay, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    failIfRequested(this.#options);
    const id = idOf(this.#options);
    const answered = this.chatCtx.items.at(-1)?.type === 'function_call_output';
    if (tool && !answered) {
      const call = llm.FunctionCall.create({ callId: `call-${++requests}`, name: tool, args: '{}' });
      this.queue.put({ id, delta: { role: 'assistant', toolCalls: [call] } });
    } else {
      this.queue.put({ id, delta: { role: 'assistant', content: text } });
    }
    this.queue.put({
      id,
      usage: { promptTokens: 100, promptCachedTokens: 10, completionTokens: 5, totalTokens: 105 },
    });
  }
}

export interface FakeTtsOptions extends FakeModelOptions {
  /** @default true */
  streaming?: boolean;
  /** Whether the last frame of a sentence is flagged as final. @default true */
  final?: boolean;
  /** Milliseconds between two frames. @default 0 */
  frameInterval?: number;
  /** Milliseconds between the last frame and the end of the request. @default 0 */
  endDelay?: number;
}

/** A TTS of the provider `acme`: 10 ms of audio for each four characters. */
export class FakeTts extends tts.TTS {
  label = 'acme.TTS';
  readonly options: FakeTtsOptions;

  constructor(options: FakeTtsOptions = {}) {
    super(rate, 1, { streaming: options.streaming ?? true });
    this.options = options;
  }

  override get model() {
    return this.options.model ?? 'tts-1';
  }
  override get provider() {
    return 'acme';
  }
  override synthesize(...[text, options = once, signal]: Parameters<tts.TTS['synthesize']>) {
    return new FakeChunkedStream(text, this, options, signal);
  }
  override stream(options?: Parameters<tts.TTS['stream']>[0]) {
    return new FakeSynthesizeStream(this, options?.connOptions ?? once);
  }

  async *speak(text: string, signal: AbortSignal): AsyncGenerator<tts.SynthesizedAudio> {
    const { delay = 1, final = true, frameInterval = 0, endDelay = 0 } = this.options;
    await pause(delay);
    failIfRequested(this.options);
    const requestId = idOf(this.options);
    const frames = Math.max(2, Math.round(text.length / 4));
    for (let i = 1; i <= frames && !signal.aborted; i++) {
      yield { requestId, segmentId: requestId, frame: frame(), final: final && i === frames };
      if (frameInterval) await pause(frameInterval);
    }
    if (endDelay) await pause(endDelay);
  }
}

class FakeChunkedStream extends tts.ChunkedStream {
  label = 'acme.ChunkedStream';
  readonly #tts: FakeTts;

  constructor(text: string, owner: FakeTts, ...rest: [options: typeof once, signal?: AbortSignal]) {
    super(text, owner, ...rest);
    this.#tts = owner;
  }

  protected async run() {
    for await (const audio of this.#tts.speak(this.inputText, this.abortSignal)) {
      if (!this.queue.closed) this.queue.put(audio);
    }
  }
}

class FakeSynthesizeStream extends tts.SynthesizeStream {
  label = 'acme.SynthesizeStream';
  readonly #tts: FakeTts;

  constructor(owner: FakeTts, options: typeof once) {
    super(owner, options);
    this.#tts = owner;
  }

  protected async run() {
    let text = '';
    for await (const input of this.input) if (typeof input === 'string') text += input;
    if (!text) return;
    this.markStarted();
    for await (const audio of this.#tts.speak(text, this.abortSignal)) {
      if (!this.queue.closed) this.queue.put(audio);
    }
    if (!this.queue.closed) this.queue.put(tts.SynthesizeStream.END_OF_STREAM);
  }
}

/** An STT of the provider `acme` without streaming: it recognises every utterance. */
export class FakeStt extends stt.STT {
  label = 'acme.STT';
  readonly options: FakeModelOptions;

  constructor(options: FakeModelOptions = {}) {
    super({ streaming: false, interimResults: false });
    this.options = options;
  }

  override get model() {
    return this.options.model ?? 'stt-1';
  }
  override get provider() {
    return 'acme';
  }
  protected async _recognize(): Promise<stt.SpeechEvent> {
    await pause(this.options.delay ?? 1);
    failIfRequested(this.options);
    const alternatives: stt.SpeechEvent['alternatives'] = [
      { text: 'hello', language: 'en' as never, startTime: 0, endTime: 1, confidence: 0.9 },
    ];
    return { type: stt.SpeechEventType.FINAL_TRANSCRIPT, requestId: idOf(this.options), alternatives };
  }
  override stream(): stt.SpeechStream {
    throw new Error('streaming is not supported');
  }
}

/** An STT of the provider `acme` that streams: it reports a second of audio for every frame, under one id. */
export class FakeStreamingStt extends stt.STT {
  label = 'acme.STT';

  constructor() {
    super({ streaming: true, interimResults: false });
  }

  override get model() {
    return 'stt-2';
  }
  override get provider() {
    return 'acme';
  }
  protected override async _recognize(): Promise<stt.SpeechEvent> {
    throw new Error('only streaming is supported');
  }
  override stream() {
    return new FakeSpeechStream(this, rate, once);
  }
}

class FakeSpeechStream extends stt.SpeechStream {
  label = 'acme.SpeechStream';

  protected async run() {
    for await (const input of this.input) {
      if (typeof input === 'symbol') continue;
      this.queue.put({
        type: stt.SpeechEventType.RECOGNITION_USAGE,
        requestId: 'stream',
        recognitionUsage: { audioDuration: 1 },
      });
    }
  }
}

/** A VAD that treats every frame as an utterance and reports its metrics for each. */
export class FakeVad extends VAD {
  label = 'acme.VAD';

  constructor() {
    super({ updateInterval: 1000 });
  }

  stream() {
    return new FakeVadStream(this);
  }
}

class FakeVadStream extends VADStream {
  constructor(owner: FakeVad) {
    super(owner);
    void this.#listen();
  }

  async #listen() {
    try {
      for (;;) {
        const { done, value } = await this.inputReader.read();
        if (done) return;
        if (typeof value === 'symbol') continue;
        for (const type of [
          VADEventType.START_OF_SPEECH,
          VADEventType.INFERENCE_DONE,
          VADEventType.END_OF_SPEECH,
        ]) {
          this.sendVADEvent({ ...vadEvent, type, frames: [value] });
        }
      }
    } catch {
      // The stream was closed.
    }
  }
}

const vadEvent: Omit<VADEvent, 'type' | 'frames'> = {
  samplesIndex: 0,
  timestamp: 0,
  speechDuration: 500,
  silenceDuration: 0,
  probability: 1,
  inferenceDuration: 1,
  speaking: false,
  rawAccumulatedSilence: 0,
  rawAccumulatedSpeech: 0,
};

/** An audio output that finishes playing each frame immediately. */
export class FakeAudioOutput extends voice.AudioOutput {
  #playing = false;
  #seconds = 0;

  constructor() {
    super(rate);
  }

  override async captureFrame(audio: AudioFrame) {
    await super.captureFrame(audio);
    this.#seconds += audio.samplesPerChannel / audio.sampleRate;
    if (!this.#playing) this.onPlaybackStarted(Date.now());
    this.#playing = true;
  }

  override flush() {
    super.flush();
    this.#finish(false);
  }

  override clearBuffer() {
    this.#finish(true);
  }

  #finish(interrupted: boolean) {
    if (!this.#playing) return;
    this.#playing = false;
    this.onPlaybackFinished({ playbackPosition: this.#seconds, interrupted });
    this.#seconds = 0;
  }
}

export { frame };
