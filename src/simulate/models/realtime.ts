import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import { llm, type metrics } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import type { Script } from '../dialogue.ts';
import type { RealtimeSpec } from '../fleet.ts';
import { pause } from '../pause.ts';
import type { Random } from '../random.ts';
import { framesFor, isLoud, outputFrameMs, type Utterance, utteranceOf, voiceFrame } from './audio.ts';
import { conversationPosition } from './llm.ts';

/** A response that has ended; times are in milliseconds. */
export interface DoneResponse {
  id: string;
  label: string;
  durationMs: number;
  /** -1: there was no audio. */
  ttftMs: number;
  cancelled: boolean;
  text: string;
  audioMs: number;
  /** The number of items in the conversation. */
  history: number;
}

/** Counts the usage of a realtime connection, and creates the metrics that real plugins report. */
export class RealtimeUsage {
  readonly #model: RealtimeSpec;
  readonly #random: Random;
  #acquired = false;
  #billedUntil = performance.now();

  constructor(model: RealtimeSpec, random: Random) {
    this.#model = model;
    this.#random = random;
  }

  report(done: DoneResponse): metrics.RealtimeModelMetrics {
    const { provider, model, sessionBilled } = this.#model;
    const input = inputOf(done.history);
    const output = this.#outputOf(done);
    return {
      type: 'realtime_model_metrics',
      label: done.label,
      requestId: done.id,
      timestamp: Date.now() - Math.round(done.durationMs),
      durationMs: Math.round(done.durationMs),
      ttftMs: Math.round(done.ttftMs),
      cancelled: done.cancelled,
      inputTokens: input.total,
      outputTokens: output.total,
      totalTokens: input.total + output.total,
      tokensPerSecond: output.total / (done.durationMs / 1000),
      inputTokenDetails: input.details,
      outputTokenDetails: output.details,
      ...this.#connection(),
      ...(sessionBilled && { sessionDurationMs: this.#unbilledMs() }),
      metadata: { modelProvider: provider, modelName: model },
    };
  }

  #outputOf({ text, audioMs }: DoneResponse) {
    const spoke = audioMs > 0;
    const details = {
      textTokens: spoke ? Math.ceil(text.length / 4) : 12,
      audioTokens: Math.round(audioMs / 50),
      imageTokens: spoke && this.#model.pictures ? 96 : 0,
    };
    return { details, total: sum(details) };
  }

  /** The connection details: the first response opens it, the others reuse it. */
  #connection() {
    const connectionReused = this.#acquired;
    this.#acquired = true;
    return { connectionReused, acquireTimeMs: this.#random.lognormal(connectionReused ? 2 : 170, 0.4) };
  }

  #unbilledMs(): number {
    const from = this.#billedUntil;
    this.#billedUntil = performance.now();
    return Math.round(this.#billedUntil - from);
  }
}

/** Every request repeats the conversation; later ones include an image, and some tokens are cached. */
function inputOf(history: number) {
  const sent = {
    textTokens: 410 + history * 9,
    audioTokens: history * 34,
    imageTokens: history > 4 ? 85 : 0,
  };
  const cached = {
    textTokens: history > 2 ? 384 : 0,
    audioTokens: Math.round(sent.audioTokens * 0.6),
    imageTokens: history > 6 ? 85 : 0,
  };
  return {
    details: { ...sent, cachedTokens: sum(cached), cachedTokensDetails: cached },
    total: sum(sent),
  };
}

const sum = (tokens: { textTokens: number; audioTokens: number; imageTokens: number }): number =>
  tokens.textTokens + tokens.audioTokens + tokens.imageTokens;

/** A stream with `put` and `end`; both do nothing once its reader has closed it. */
export interface PushStream<T> {
  stream: ReadableStream<T>;
  put(value: T): void;
  end(): void;
}

export function pushStream<T>(): PushStream<T> {
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

export interface RealtimeOptions {
  model: RealtimeSpec;
  random: Random;
  script: Script;
}

/** Silence after which a turn is over, in milliseconds of audio. */
const endOfTurnMs = 350;

/** A response in progress. */
interface Response {
  id: string;
  controller: AbortController;
}

/** A connection to a realtime model: receives the caller's audio, detects turns, answers by the script. */
export class SimulatedRealtimeSession extends llm.RealtimeSession {
  readonly #options: RealtimeOptions;
  #context = llm.ChatContext.empty();
  #tools = llm.ToolContext.empty();
  #response: Response | undefined;
  #hearing: Utterance | undefined;
  #silenceMs = 0;
  #count = 0;
  readonly #usage: RealtimeUsage;

  constructor(model: llm.RealtimeModel, options: RealtimeOptions) {
    super(model);
    this.#options = options;
    this.#usage = new RealtimeUsage(options.model, options.random);
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

  /** Loses its connection: with `recoverable` it reconnects, otherwise the session ends. */
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
    const { message, round } = conversationPosition(this.#context);
    const { text = '', tools = [] } = this.#options.script.step(message, round);
    const calls = tools.map(({ name, args }, i) =>
      llm.FunctionCall.create({ callId: `${response.id}_${i}`, name, args: JSON.stringify(args) }),
    );
    const audio = pushStream<AudioFrame>();
    const words = pushStream<string>();
    const functions = pushStream<llm.FunctionCall>();
    const messages = pushStream<llm.MessageGeneration>();
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

  /** Generates a response with the latency of the model, and reports its usage. */
  async #produce(
    { id, controller: { signal } }: Response,
    text: string,
    audio: PushStream<AudioFrame>,
    words: PushStream<string>,
  ): Promise<void> {
    const { model, random } = this.#options;
    const startedAt = performance.now();
    let ttftMs = -1;
    let frames = 0;
    if (await pause(random.lognormal(model.ttft.median, model.ttft.sigma), signal)) {
      if (text) {
        ttftMs = performance.now() - startedAt;
        words.put(text);
        const total = framesFor(text);
        while (frames < total && !signal.aborted) {
          frames++;
          audio.put(voiceFrame(frames));
          if (frames % 10 === 0) await pause(100, signal);
        }
      }
    }
    words.end();
    audio.end();
    const durationMs = performance.now() - startedAt;
    const done = {
      id,
      label: this._realtimeModel.label(),
      durationMs,
      ttftMs,
      cancelled: signal.aborted,
      text,
      audioMs: frames * outputFrameMs,
      history: this.#context.items.length,
    };
    this.emit('metrics_collected', this.#usage.report(done));
  }
}

/** A simulated speech-to-speech model with its own turn detection, as hosted ones have. */
export class SimulatedRealtimeModel extends llm.RealtimeModel {
  readonly options: RealtimeOptions;
  /** The current session, for scenes that make it fail. */
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
    this.current = new SimulatedRealtimeSession(this, this.options);
    return this.current;
  }

  async close(): Promise<void> {}
}
