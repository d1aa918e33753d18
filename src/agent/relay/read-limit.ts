export interface ReadLimitOptions {
  /** Bytes that are read of a connection in a second, in the long run; 0: any number. */
  bytesPerSecond: number;
  /** Bytes that are read of it at once, after a pause. */
  burst: number;
  /** Milliseconds, of a clock that never goes back. @default performance.now */
  now?(): number;
}

/** What a frame costs beside its bytes: the shortest have two, and each is parsed. */
const frameCost = 64;

/** How much is read of one connection: a token bucket. What is not read yet stays with the job. */
export class ReadLimit {
  readonly #options: Required<ReadLimitOptions>;
  #left: number;
  #at: number;

  constructor({ now = () => performance.now(), ...limits }: ReadLimitOptions) {
    this.#options = { now, ...limits };
    this.#left = limits.burst;
    this.#at = now();
  }

  /** Takes note of what was read, and says for how many milliseconds nothing more should be. */
  read(bytes: number, frames: number): number {
    const { bytesPerSecond, burst, now } = this.#options;
    if (bytesPerSecond === 0) return 0;
    const at = now();
    this.#left = Math.min(burst, this.#left + ((at - this.#at) / 1000) * bytesPerSecond);
    this.#at = at;
    this.#left -= bytes + frames * frameCost;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left / bytesPerSecond) * 1000);
  }
}
