import { llm } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import type { RealtimeSpec } from '../model-specs.ts';
import { pause } from '../pause.ts';
import type { Random } from '../random.ts';
import type { Script } from '../script.ts';
import { position } from './position.ts';
import { RealtimeUsage } from './realtime-usage.ts';
import { type Source, source } from './source.ts';
import { isLoud, type Utterance, utteranceOf } from './utterance.ts';
import { framesFor, outputFrameMs, voiceFrame } from './voice.ts';

export interface RealtimeOptions {
  model: RealtimeSpec;
  random: Random;
  script: Script;
}

/** Silence after which a turn is over, in milliseconds of audio. */
const endOfTurnMs = 350;

/** A response on its way out. */
interface Response {
  id: string;
  controller: AbortController;
}

/** A connection to a realtime model: hears the caller, decides whose turn it is, answers by the script. */
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
