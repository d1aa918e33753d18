import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import { voice } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { inputFrameMs, outputSampleRate, silentFrame, speechFrame, type Utterance } from './audio.ts';

/** The caller's microphone: one frame every 50 ms in real time, silent between utterances. */
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

  /** Speaks for `ms` milliseconds, rounded to frames; resolves after the last frame. */
  say(utterance: Utterance, ms: number): Promise<void> {
    this.#saying?.done();
    return new Promise((resolve) => {
      this.#saying = { utterance, frames: Math.max(1, Math.round(ms / inputFrameMs)), done: resolve };
    });
  }

  /** Hangs up: stops the frames and the current utterance. */
  stop(): void {
    clearInterval(this.#timer);
    this.#saying?.done();
    this.#saying = undefined;
    try {
      this.#frames.close();
    } catch {
      // The session has already closed its end.
    }
  }

  override async close(): Promise<void> {
    this.stop();
    await super.close();
  }

  /** Sends as many frames as are due, so that a late timer does not slow the caller's speech. */
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

export interface LoudspeakerOptions {
  /** The speed of the agent's speech, as a multiple of real time. @default 1 */
  speed?: number;
  /** Milliseconds between the first frame and its sound, drawn anew for each speech. @default () => 30 */
  startDelay?: () => number;
}

/** The caller's loudspeaker: plays the agent's speech in real time (or `speed` times faster), and can pause. */
export class CallerLoudspeaker extends voice.AudioOutput {
  readonly #speed: number;
  readonly #startDelay: () => number;
  /** Milliseconds of audio received and played. */
  #queued = 0;
  #played = 0;
  /** When the current stretch started to play; undefined while waiting for audio, paused or starting. */
  #playingSince: number | undefined;
  #started = false;
  #starting: NodeJS.Timeout | undefined;
  #ending: NodeJS.Timeout | undefined;
  #paused = false;
  #flushed = false;

  constructor({ speed = 1, startDelay = () => 30 }: LoudspeakerOptions = {}) {
    super(outputSampleRate, undefined, { pause: true });
    this.#speed = speed;
    this.#startDelay = startDelay;
  }

  override async captureFrame(frame: AudioFrame): Promise<void> {
    await super.captureFrame(frame);
    if (this.#queued === 0) {
      this.#flushed = false;
      this.#starting = setTimeout(() => this.#start(), this.#startDelay());
    }
    this.#queued += (frame.samplesPerChannel / frame.sampleRate) * 1000;
    this.#schedule();
  }

  override flush(): void {
    super.flush();
    if (this.#queued === 0) return;
    this.#flushed = true;
    this.#schedule();
  }

  override clearBuffer(): void {
    if (this.#queued > 0) this.#finish(true);
  }

  override pause(): void {
    this.#settle();
    this.#paused = true;
    clearTimeout(this.#ending);
  }

  override resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#started) this.#playingSince = performance.now();
    this.#schedule();
  }

  /** Stops all timers; nothing is played or reported afterwards. */
  stop(): void {
    clearTimeout(this.#starting);
    clearTimeout(this.#ending);
  }

  #start(): void {
    this.#started = true;
    if (!this.#paused) this.#playingSince = performance.now();
    this.onPlaybackStarted(Date.now());
    this.#schedule();
  }

  /** Adds the audio played since the last update to the position. */
  #settle(): void {
    if (this.#playingSince === undefined) return;
    const now = performance.now();
    this.#played = Math.min(this.#queued, this.#played + (now - this.#playingSince) * this.#speed);
    this.#playingSince = this.#paused ? undefined : now;
  }

  #schedule(): void {
    clearTimeout(this.#ending);
    if (!this.#started || this.#paused || !this.#flushed) return;
    this.#settle();
    const rest = (this.#queued - this.#played) / this.#speed;
    this.#ending = setTimeout(() => this.#finish(false), rest);
  }

  #finish(interrupted: boolean): void {
    this.#settle();
    this.stop();
    const position = (interrupted ? this.#played : this.#queued) / 1000;
    this.#queued = 0;
    this.#played = 0;
    this.#playingSince = undefined;
    this.#started = false;
    this.#flushed = false;
    this.#paused = false;
    this.onPlaybackFinished({ playbackPosition: position, interrupted });
  }
}
