import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { withDeadline } from '../../deadline.ts';
import type { SessionStore } from '../store/session-store.ts';
import { UnreadableAudio } from './ogg-packets.ts';
import { type Peaks, peaksOf } from './peaks.ts';

/**
 * `none`: the session has no audio; `preparing`: it is being decoded, ask again; `unreadable`: it is no Ogg Opus;
 * `slow`: it took longer than one recording may; `busy`: too many others wait for theirs.
 */
export type Waveform =
  | { state: 'none' | 'preparing' | 'unreadable' | 'slow' | 'busy' }
  | { state: 'ready'; peaks: Peaks };

export interface WaveformsOptions {
  /** @default peaksOf */
  decode?: typeof peaksOf;
  /** Milliseconds that one recording may take, for others wait meanwhile. @default `decodingMs` */
  limit?: number;
}

/** Three minutes: seven hours of a call that is decoded 144 times as fast as it plays, as on two cores that others use too. */
export const decodingMs = 180_000;

/** Recordings that may wait to be decoded. One is decoded at a time: jobs that upload need the other core. */
const maxWaiting = 8;
/** Recordings of which there is no waveform that are remembered, so that none is decoded again and again. */
const maxGivenUp = 1000;
/** Milliseconds after which one that was slow is tried again: the machine may have been busy. */
const againMs = 3_600_000;

/** The waveforms of recordings, decoded at the first request, and stored beside them. */
export class Waveforms {
  readonly #store: SessionStore;
  readonly #peaksOf: typeof peaksOf;
  readonly #limit: number;
  readonly #running = new Map<string, Promise<Waveform>>();
  /** By id and size: why there is none, and until when, in milliseconds, that is not tried again. */
  readonly #givenUp = new Map<string, { state: 'unreadable' | 'slow'; until: number }>();
  readonly #closing = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: SessionStore, { decode = peaksOf, limit = decodingMs }: WaveformsOptions = {}) {
    this.#store = store;
    this.#peaksOf = decode;
    this.#limit = limit;
  }

  /**
   * @param id that `isSessionId` allows
   * @param waitMs after which the answer is `preparing`
   */
  async of(id: string, waitMs: number): Promise<Waveform> {
    const audio = (await this.#store.state(id))?.audio;
    if (!audio) return { state: 'none' };
    const kept = await this.#store.files(id).read<Peaks>('peaks');
    if (kept) return { state: 'ready', peaks: kept };
    const givenUp = this.#givenUp.get(`${id} ${audio.bytes}`);
    if (givenUp && Date.now() < givenUp.until) return { state: givenUp.state };
    const running = this.#running.get(id) ?? this.#start(id, audio.bytes);
    if (!running) return { state: 'busy' };
    return withDeadline<Waveform, Waveform>(waitMs, running, () => ({ state: 'preparing' }));
  }

  /** Ends what is being decoded. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#turn;
  }

  #start(id: string, bytes: number): Promise<Waveform> | undefined {
    if (this.#running.size >= maxWaiting) return undefined;
    const running = this.#turn.then(() => this.#decode(id, bytes)).finally(() => this.#running.delete(id));
    this.#turn = running.catch(() => {});
    this.#running.set(id, running);
    return running;
  }

  async #decode(id: string, bytes: number): Promise<Waveform> {
    const files = this.#store.files(id);
    const over = AbortSignal.timeout(this.#limit);
    const signal = AbortSignal.any([this.#closing.signal, over]);
    try {
      const input = (await files.remoteAudio(undefined)) ?? createReadStream(files.audioPath);
      const peaks = await this.#peaksOf(addAbortSignal(signal, input), signal);
      await this.#store.keepPeaks(id, bytes, peaks);
      return { state: 'ready', peaks };
    } catch (error) {
      // It was deleted or redacted meanwhile.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'none' };
      if (this.#closing.signal.aborted) return { state: 'preparing' };
      if (over.aborted) return this.#giveUp(`${id} ${bytes}`, 'slow', Date.now() + againMs);
      if (!(error instanceof UnreadableAudio)) throw error;
      return this.#giveUp(`${id} ${bytes}`, 'unreadable', Number.POSITIVE_INFINITY);
    }
  }

  #giveUp(recording: string, state: 'unreadable' | 'slow', until: number): Waveform {
    this.#givenUp.set(recording, { state, until });
    // Evicts the oldest.
    for (const [oldest] of this.#givenUp) {
      if (this.#givenUp.size <= maxGivenUp) break;
      this.#givenUp.delete(oldest);
    }
    return { state };
  }
}
