import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import { llm, type metrics } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import type { RealtimeSpec } from '../fleet.ts';
import { pause } from '../pause.ts';
import type { Random } from '../random.ts';
import type { Script } from '../script.ts';
import { outputSampleRate } from './audio-output.ts';
import { position } from './position.ts';
import { isLoud, type Utterance, utteranceOf } from './utterance.ts';

export interface RealtimeOptions {
  model: RealtimeSpec;
  random: Random;
  script: Script;
}

const endOfTurnMs = 350;
const frameMs = 100;
const msPerCharacter = 62;
const samples = (outputSampleRate * frameMs) / 1000;
const sound = new Int16Array(samples);

/** A simulated speech-to-speech model with turn detection of its own, as hosted ones have. */
export class SimulatedRealtimeModel extends llm.RealtimeModel {
  readonly options: RealtimeOptions;
  /** The session that runs, for scenes that make it fail. */
  current: SimulatedRealtimeSession | undefined;

  constructor(options: RealtimeOptions) {
    super({
      messageTruncation: true,
      turnDetection: true,
      userTranscription: true,
      autoToolReplyGeneration: false,
      audioOutput: true,
      manualFunctionCalls: false,
      midSessionChatCtxUpdate: true,
      midSessionInstructionsUpdate: true,
      midSessionToolsUpdate: true,
      perResponseToolChoice: false,
    });
    this.options = options;
  }

  override get model(): string {
    return this.options.model.model;
  }

  override get provider(): string {
    return this.options.model.provider;
  }

  override label(): string {
    return 'simulate.RealtimeModel';
  }

  session(): llm.RealtimeSession {
    this.current = new SimulatedRealtimeSession(this);
    return this.current;
  }

  async close(): Promise<void> {}
}

/** A response on its way out. */
interface Response {
  id: string;
  controller: AbortController;
}

export class SimulatedRealtimeSession extends llm.RealtimeSession {
  readonly #options: RealtimeOptions;
  #context = llm.ChatContext.empty();
  #tools = llm.ToolContext.empty();
  #response: Response | undefined;
  #hearing: Utterance | undefined;
  #silenceMs = 0;
  #count = 0;
  #connectionReported = false;
  #billedFrom = performance.now();

  constructor(model: SimulatedRealtimeModel) {
    super(model);
    this.#options = model.options;
  }

  get chatCtx(): llm.ChatContext {
    return this.#context;
  }

  get tools(): llm.ToolContext {
    return this.#tools;
  }

  async updateInstructions(): Promise<void> {}

  async updateChatCtx(chatCtx: llm.ChatContext): Promise<void> {
    this.#context = chatCtx.copy();
  }

  async updateTools(tools: llm.ToolContext): Promise<void> {
    this.#tools = tools.copy();
  }

  updateOptions(): void {}

  async commitAudio(): Promise<void> {}

  async clearAudio(): Promise<void> {}

  async truncate(): Promise<void> {}

  async interrupt(): Promise<void> {
    this.#response?.controller.abort();
  }

  override async close(): Promise<void> {
    await this.interrupt();
    await super.close();
  }

  /** Loses its connection: with `recoverable` it comes back by itself, without it the session is over. */
  fail(message: string, recoverable: boolean): void {
    this.emit('error', {
      type: 'realtime_model_error',
      timestamp: Date.now(),
      label: this._realtimeModel.label(),
      error: new Error(message),
      recoverable,
    } satisfies llm.RealtimeModelError);
  }

  pushAudio(frame: AudioFrame): void {
    const utterance = isLoud(frame.data) ? utteranceOf(frame) : undefined;
    if (utterance) {
      this.#silenceMs = 0;
      if (!this.#hearing) this.emit('input_speech_started', {});
      this.#hearing = utterance;
    } else if (this.#hearing) {
      this.#silenceMs += (frame.samplesPerChannel / frame.sampleRate) * 1000;
      if (this.#silenceMs >= endOfTurnMs) this.#endTurn(this.#hearing);
    }
  }

  generateReply(): Promise<llm.GenerationCreatedEvent> {
    return Promise.resolve(this.#respond(true));
  }

  #endTurn({ text, confidence }: Utterance): void {
    this.#hearing = undefined;
    this.emit('input_speech_stopped', { userTranscriptionEnabled: true });
    if (!text) return;
    const itemId = `item_${process.pid}_${++this.#count}`;
    this.#context.addMessage({ id: itemId, role: 'user', content: text });
    this.emit('input_audio_transcription_completed', {
      itemId,
      transcript: text,
      isFinal: true,
      confidence,
    } satisfies llm.InputTranscriptionCompleted);
    this.emit('generation_created', this.#respond(false));
  }

  #respond(userInitiated: boolean): llm.GenerationCreatedEvent {
    this.#response?.controller.abort();
    const response = { id: `response_${process.pid}_${++this.#count}`, controller: new AbortController() };
    this.#response = response;
    const { message, round } = position(this.#context);
    const { text = '', tools = [] } = this.#options.script.step(message, round);
    const calls = tools.map(({ name, args }, i) =>
      llm.FunctionCall.create({ callId: `${response.id}_${i}`, name, args: JSON.stringify(args) }),
    );
    const audio = source<AudioFrame>();
    const words = source<string>();
    const functions = source<llm.FunctionCall>();
    const messages = source<llm.MessageGeneration>();
    if (text) {
      messages.put({
        messageId: `message_${response.id}`,
        textStream: words.stream,
        audioStream: audio.stream,
        modalities: Promise.resolve(['audio', 'text']),
      });
    }
    messages.end();
    void this.#produce(response, text, audio, words).then(() => {
      if (!response.controller.signal.aborted) for (const call of calls) functions.put(call);
      functions.end();
    });
    return {
      messageStream: messages.stream,
      functionStream: functions.stream,
      userInitiated,
      responseId: response.id,
    };
  }

  /** Fills a response as fast as the model would, and reports what it cost. */
  async #produce(
    { id, controller: { signal } }: Response,
    text: string,
    audio: Source<AudioFrame>,
    words: Source<string>,
  ): Promise<void> {
    const { model, random } = this.#options;
    const startedAt = performance.now();
    let ttftMs = -1;
    let frames = 0;
    if (await pause(random.lognormal(model.ttft.median, model.ttft.sigma), signal)) {
      if (text) {
        ttftMs = performance.now() - startedAt;
        words.put(text);
        const total = Math.max(2, Math.round((text.length * msPerCharacter) / frameMs));
        while (frames < total && !signal.aborted) {
          frames++;
          audio.put(new AudioFrame(sound, outputSampleRate, 1, samples));
          if (frames % 10 === 0) await pause(100, signal);
        }
      }
    }
    words.end();
    audio.end();
    const durationMs = performance.now() - startedAt;
    this.#report({ id, durationMs, ttftMs, cancelled: signal.aborted, text, audioMs: frames * frameMs });
  }

  #report(done: {
    id: string;
    durationMs: number;
    ttftMs: number;
    cancelled: boolean;
    text: string;
    audioMs: number;
  }): void {
    const { model, random } = this.#options;
    const audioTokens = Math.round(done.audioMs / 50);
    const textTokens = done.audioMs > 0 ? Math.ceil(done.text.length / 4) : 12;
    const imageTokens = model.pictures && done.audioMs > 0 ? 96 : 0;
    const outputTokens = audioTokens + textTokens + imageTokens;
    const history = this.#context.items.length;
    const input = {
      textTokens: 410 + history * 9,
      audioTokens: history * 34,
      imageTokens: history > 4 ? 85 : 0,
    };
    const cached = {
      textTokens: history > 2 ? 384 : 0,
      audioTokens: Math.round(input.audioTokens * 0.6),
      imageTokens: history > 6 ? 85 : 0,
    };
    const inputTokens = input.textTokens + input.audioTokens + input.imageTokens;
    const connection = this.#connectionReported
      ? { acquireTimeMs: random.lognormal(2, 0.5), connectionReused: true }
      : { acquireTimeMs: random.lognormal(170, 0.4), connectionReused: false };
    this.#connectionReported = true;
    const now = performance.now();
    const sessionDurationMs = Math.round(now - this.#billedFrom);
    this.#billedFrom = now;
    this.emit('metrics_collected', {
      type: 'realtime_model_metrics',
      label: this._realtimeModel.label(),
      requestId: done.id,
      timestamp: Date.now() - Math.round(done.durationMs),
      durationMs: Math.round(done.durationMs),
      ttftMs: Math.round(done.ttftMs),
      cancelled: done.cancelled,
      inputTokens,
      outputTokens,
      totalTokens: inputTokens + outputTokens,
      tokensPerSecond: outputTokens / (done.durationMs / 1000),
      inputTokenDetails: {
        ...input,
        cachedTokens: cached.textTokens + cached.audioTokens + cached.imageTokens,
        cachedTokensDetails: cached,
      },
      outputTokenDetails: { textTokens, audioTokens, imageTokens },
      ...connection,
      ...(model.sessionBilled && { sessionDurationMs }),
      metadata: { modelProvider: model.provider, modelName: model.model },
    } satisfies metrics.RealtimeModelMetrics);
  }
}

/** A stream and the two things that its maker does with it; both are harmless once its reader has gone. */
interface Source<T> {
  stream: ReadableStream<T>;
  put(value: T): void;
  end(): void;
}

function source<T>(): Source<T> {
  let controller!: ReadableStreamDefaultController<T>;
  let open = true;
  const stream = new ReadableStream<T>({
    start: (own) => {
      controller = own;
    },
    cancel: () => {
      open = false;
    },
  });
  return {
    stream,
    put: (value) => {
      if (open) controller.enqueue(value);
    },
    end: () => {
      if (open) controller.close();
      open = false;
    },
  };
}
