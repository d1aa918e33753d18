import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import { voice } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { inputFrameMs, silentFrame, speechFrame, type Utterance } from './utterance.ts';

/** The caller's microphone: one frame every 50 ms in real time, silent unless something is being said. */
export class CallerMicrophone extends voice.AudioInput {
  #frames!: ReadableStreamDefaultController<AudioFrame>;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #sent = 0;
  #saying: { utterance: Utterance; frames: number; done: () => void } | undefined;

  constructor() {
    super();
    const stream = new ReadableStream<AudioFrame>({
      start: (controller) => {
        this.#frames = controller;
      },
    });
    this.multiStream.addInputStream(stream);
    this.#timer = setInterval(() => this.#catchUp(), inputFrameMs);
  }

  /** Speaks for `ms` milliseconds, rounded to frames; resolves when the last frame is out. */
  say(utterance: Utterance, ms: number): Promise<void> {
    this.#saying?.done();
    return new Promise((resolve) => {
      this.#saying = { utterance, frames: Math.max(1, Math.round(ms / inputFrameMs)), done: resolve };
    });
  }

  /** Hangs up: no more frames, and whatever was being said is over. */
  stop(): void {
    clearInterval(this.#timer);
    this.#saying?.done();
    this.#saying = undefined;
    try {
      this.#frames.close();
    } catch {
      // The session has closed its end already.
    }
  }

  override async close(): Promise<void> {
    this.stop();
    await super.close();
  }

  /** Sends as many frames as the clock asks for, so that a late timer does not make the caller speak slowly. */
  #catchUp(): void {
    const due = Math.floor((performance.now() - this.#startedAt) / inputFrameMs);
    try {
      for (; this.#sent < due; this.#sent++) this.#frames.enqueue(this.#next());
    } catch {
      this.stop();
    }
  }

  #next(): AudioFrame {
    const saying = this.#saying;
    if (!saying) return silentFrame();
    if (--saying.frames === 0) {
      this.#saying = undefined;
      saying.done();
    }
    return speechFrame(saying.utterance, this.#sent);
  }
}
