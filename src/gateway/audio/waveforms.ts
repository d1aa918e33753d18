import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { withDeadline } from '../../deadline.ts';
import type { SessionStore } from '../store/session-store.ts';
import { UnreadableAudio } from './ogg-packets.ts';
import { type Peaks, peaksOf } from './peaks.ts';

/**
 * `none`: the session has no audio; `preparing`: it is being decoded, ask again; `unreadable`: it is not Ogg Opus; `slow`:
 * decoding exceeded the time limit; `busy`: too many recordings are queued.
 */
export type Waveform =
  | { state: 'none' | 'preparing' | 'unreadable' | 'slow' | 'busy' }
  | { state: 'ready'; peaks: Peaks };

export interface WaveformsOptions {
  /** @default peaksOf */
  decode?: typeof peaksOf;
  /** Maximum milliseconds for one recording, because others wait meanwhile. @default `decodingMs` */
  limit?: number;
}

/** Three minutes: enough for a call of seven hours at 144 times real time, as measured on two shared cores. */
export const decodingMs = 180_000;

/** Maximum number of queued recordings. One is decoded at a time, to leave a core for uploads. */
const maxWaiting = 8;
/** Maximum number of failed recordings that are remembered, so that none is decoded repeatedly. */
const maxFailed = 1000;
/** Milliseconds before a retry of a slow recording: the machine may have been busy. */
const retryMs = 3_600_000;

/** The waveforms of recordings, decoded at the first request, and stored beside them. */
export class Waveforms {
  readonly #store: SessionStore;
  readonly #peaksOf: typeof peaksOf;
  readonly #limit: number;
  readonly #running = new Map<string, Promise<Waveform>>();
  /** By id and size: the failure, and the time in milliseconds before which it is not retried. */
  readonly #failed = new Map<string, { state: 'unreadable' | 'slow'; until: number }>();
  readonly #closing = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: SessionStore, { decode = peaksOf, limit = decodingMs }: WaveformsOptions = {}) {
    this.#store = store;
    this.#peaksOf = decode;
    this.#limit = limit;
  }

  /**
   * @param id that `isSessionId` allows
   * @param waitMs after which the state is `preparing`
   */
  async of(id: string, waitMs: number): Promise<Waveform> {
    const audio = (await this.#store.state(id))?.audio;
    if (!audio) return { state: 'none' };
    const kept = await this.#store.files(id).read<Peaks>('peaks');
    if (kept) return { state: 'ready', peaks: kept };
    const failed = this.#failed.get(`${id} ${audio.bytes}`);
    if (failed && Date.now() < failed.until) return { state: failed.state };
    const running = this.#running.get(id) ?? this.#start(id, audio.bytes);
    if (!running) return { state: 'busy' };
    return withDeadline<Waveform, Waveform>(waitMs, running, () => ({ state: 'preparing' }));
  }

  /** Aborts the decoding. */
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
      // The recording was deleted or redacted meanwhile.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'none' };
      if (this.#closing.signal.aborted) return { state: 'preparing' };
      if (over.aborted) return this.#giveUp(`${id} ${bytes}`, 'slow', Date.now() + retryMs);
      if (!(error instanceof UnreadableAudio)) throw error;
      return this.#giveUp(`${id} ${bytes}`, 'unreadable', Number.POSITIVE_INFINITY);
    }
  }

  #giveUp(recording: string, state: 'unreadable' | 'slow', until: number): Waveform {
    this.#failed.set(recording, { state, until });
    // Evicts the oldest.
    for (const [oldest] of this.#failed) {
      if (this.#failed.size <= maxFailed) break;
      this.#failed.delete(oldest);
    }
    return { state };
  }
}
