import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import type { SessionStore } from '../store/session-store.ts';
import { UnreadableAudio } from './ogg-packets.ts';
import { type Peaks, peaksOf } from './peaks.ts';

/**
 * `none`: the session has no audio; `preparing`: it is being decoded, ask again; `unreadable`: it is no Ogg Opus;
 * `busy`: too many others wait for theirs.
 */
export type Waveform =
  | { state: 'none' | 'preparing' | 'unreadable' | 'busy' }
  | { state: 'ready'; peaks: Peaks };

/** Recordings that may wait to be decoded. One is decoded at a time: jobs that upload need the other core. */
const maxWaiting = 8;
/** Ids of recordings that cannot be read, which are remembered. */
const maxUnreadable = 1000;

/** The waveforms of recordings, decoded when somebody first looks, and kept beside them. */
export class Waveforms {
  readonly #store: SessionStore;
  readonly #peaksOf: typeof peaksOf;
  readonly #running = new Map<string, Promise<Waveform>>();
  readonly #unreadable = new Set<string>();
  readonly #closing = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: SessionStore, decode = peaksOf) {
    this.#store = store;
    this.#peaksOf = decode;
  }

  /**
   * @param id that `isSessionId` allows
   * @param patience milliseconds after which the answer is `preparing`
   */
  async of(id: string, patience: number): Promise<Waveform> {
    const audio = (await this.#store.state(id))?.audio;
    if (!audio) return { state: 'none' };
    const kept = await this.#store.files(id).read<Peaks>('peaks');
    if (kept) return { state: 'ready', peaks: kept };
    if (this.#unreadable.has(`${id} ${audio.bytes}`)) return { state: 'unreadable' };
    const running = this.#running.get(id) ?? this.#start(id, audio.bytes);
    if (!running) return { state: 'busy' };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Waveform>((resolve) => {
      timer = setTimeout(() => resolve({ state: 'preparing' }), patience);
    });
    return Promise.race([running, late]).finally(() => clearTimeout(timer));
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
    try {
      const input = (await files.remoteAudio(undefined)) ?? createReadStream(files.audioPath);
      const { signal } = this.#closing;
      const peaks = await this.#peaksOf(addAbortSignal(signal, input), signal);
      await this.#store.keepPeaks(id, bytes, peaks);
      return { state: 'ready', peaks };
    } catch (error) {
      // It was deleted or redacted meanwhile.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'none' };
      if (this.#closing.signal.aborted) return { state: 'preparing' };
      if (!(error instanceof UnreadableAudio)) throw error;
      if (this.#unreadable.size < maxUnreadable) this.#unreadable.add(`${id} ${bytes}`);
      return { state: 'unreadable' };
    }
  }
}
