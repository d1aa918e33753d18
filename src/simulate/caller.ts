import { voice } from '@livekit/agents';
import type { Utterance } from './models/audio.ts';
import type { CallerMicrophone } from './models/caller-audio.ts';
import { pause } from './pause.ts';
import type { Random } from './random.ts';

export interface CallerOptions {
  session: voice.AgentSession;
  microphone: CallerMicrophone;
  random: Random;
  /** The speed at which the caller talks and thinks, as a multiple of real time. */
  speed: number;
}

/** People say about 14 characters a second. */
const msPerCharacter = 70;
/** The minimum that the VAD and the interruption detection need to detect speech. */
const minSpeechMs = 700;
/** Silence of the agent after which the caller assumes that it has finished. */
const quietMs = 350;
const defaultTimeoutMs = 30_000;

/** The simulated caller: speaks, listens, and pauses in between. All waits end when the call is over. */
export class Caller {
  readonly #session: voice.AgentSession;
  readonly #microphone: CallerMicrophone;
  readonly #random: Random;
  readonly #speed: number;
  readonly #over = new AbortController();

  constructor({ session, microphone, random, speed }: CallerOptions) {
    this.#session = session;
    this.#microphone = microphone;
    this.#random = random;
    this.#speed = speed;
    session.once(voice.AgentSessionEventTypes.Close, () => this.#over.abort());
  }

  /** Whether the session has closed. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Says something that the STT transcribes; resolves at the end of the last word. */
  say(text: string): Promise<void> {
    const confidence = 1 - Math.min(0.6, this.#random.lognormal(0.06, 0.7));
    return this.#speak({ text, confidence, loudness: 'speech' }, text.length * msPerCharacter);
  }

  /** Says something that yields no transcript. */
  mumble(ms: number): Promise<void> {
    return this.#speak({ text: null, confidence: 0, loudness: 'speech' }, ms);
  }

  /** Says a backchannel ("mm-hm"), which is no interruption. */
  backchannel(): Promise<void> {
    return this.#speak({ text: 'mm-hm', confidence: 0.8, loudness: 'backchannel' }, 400);
  }

  /** Waits until the agent speaks; false: it did not speak in time, or the call is over. */
  waitForSpeech(timeoutMs = defaultTimeoutMs): Promise<boolean> {
    return this.until(() => this.#session.agentState === 'speaking', timeoutMs);
  }

  /** Waits for an answer and its end; false: no answer in time, or the call is over. */
  async waitForAnswer(timeoutMs = defaultTimeoutMs): Promise<boolean> {
    const answered = await this.until(() => this.#session.agentState !== 'listening', timeoutMs);
    return answered && this.waitForSilence();
  }

  /** Waits until the agent has stopped speaking and thinking for a moment. */
  async waitForSilence(timeoutMs = defaultTimeoutMs): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      const left = deadline - performance.now();
      if (!(await this.until(() => this.#session.agentState === 'listening', left))) return false;
      if (!(await this.until(() => this.#session.agentState !== 'listening', quietMs)))
        return !this.over.aborted;
    }
    return false;
  }

  /** Waits for `ms` milliseconds of the caller's time, which runs `speed` times faster than the clock. */
  wait(ms: number): Promise<boolean> {
    return pause(ms / this.#speed, this.over);
  }

  /** Pauses before the next sentence. */
  pauseToThink(): Promise<boolean> {
    return this.wait(this.#random.lognormal(900, 0.5));
  }

  /** Waits until a condition holds; false: it did not hold in time, or the call is over. */
  async until(condition: () => boolean, timeoutMs = defaultTimeoutMs): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (!this.over.aborted) {
      if (condition()) return true;
      if (performance.now() >= deadline) return false;
      await pause(30, this.over);
    }
    return false;
  }

  #speak(utterance: Utterance, ms: number): Promise<void> {
    if (this.over.aborted) return Promise.resolve();
    return this.#microphone.say(utterance, Math.max(minSpeechMs, ms / this.#speed));
  }
}
