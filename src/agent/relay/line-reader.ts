import { isAscii, isUtf8 } from 'node:buffer';

const newline = 0x0a;

/** Splits a byte stream into lines, and buffers at most one line. Lines that are not UTF-8 are emitted as undefined. */
export class LineReader {
  readonly #maxBytes: number;
  readonly #onLine: (line: string | undefined) => void;
  /** The start of a line whose end has not come yet. */
  #rest: Buffer = Buffer.alloc(0);
  #restLength = 0;

  constructor(maxBytes: number, onLine: (line: string | undefined) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  /** Whether the stream is in the middle of a line. */
  get inLine(): boolean {
    return this.#restLength > 0;
  }

  /** Adds a chunk; false: a line exceeds the limit, and the stream can no longer be parsed. */
  push(chunk: Buffer): boolean {
    // Asked once per chunk, because it is nearly always so and a line then costs one copy and no check.
    const ascii = isAscii(chunk);
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      if (this.#restLength + end - start > this.#maxBytes) return false;
      if (this.#restLength > 0) {
        this.#keep(chunk, start, end);
        const whole = this.#rest.subarray(0, this.#restLength);
        this.#restLength = 0;
        this.#onLine(decode(whole));
      } else if (end > start) {
        this.#onLine(ascii ? chunk.toString('latin1', start, end) : decode(chunk.subarray(start, end)));
      }
      start = end + 1;
    }
    if (this.#restLength + chunk.length - start > this.#maxBytes) return false;
    this.#keep(chunk, start, chunk.length);
    return true;
  }

  /** Copies, because a slice would hold on to the whole chunk: one byte sent alone must not cost more. */
  #keep(chunk: Buffer, start: number, end: number): void {
    const length = this.#restLength + end - start;
    if (length > this.#rest.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(1024, 2 * length)));
      this.#rest.copy(grown, 0, 0, this.#restLength);
      this.#rest = grown;
    }
    chunk.copy(this.#rest, this.#restLength, start, end);
    this.#restLength = length;
  }
}

const decode = (bytes: Buffer): string | undefined => (isUtf8(bytes) ? bytes.toString('utf8') : undefined);
