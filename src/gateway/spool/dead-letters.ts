import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry } from './spool.ts';

export interface DeadLettersOptions {
  /** Created if missing. */
  directory: string;
  /** Maximum bytes of all entries; above it, the oldest is removed. 0: nothing is kept. */
  maxBytes: number;
  /** Milliseconds after which an entry is removed, because it may contain a conversation. @default a week */
  maxAge?: number;
}

const week = 7 * 86_400_000;

/** Why an entry is here. */
export interface DeadLetter {
  /** The step that failed: `ingest`, or the destination. */
  source: string;
  reason: string;
  /** Unix milliseconds. */
  at: number;
}

/** A folder for entries that are not retried: malformed uploads, and requests that a backend refuses permanently. */
export class DeadLetters {
  readonly #options: Required<DeadLettersOptions>;

  private constructor(options: Required<DeadLettersOptions>) {
    this.#options = options;
  }

  static async open(options: DeadLettersOptions): Promise<DeadLetters> {
    const letters = new DeadLetters({ maxAge: week, ...options });
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    await letters.prune();
    return letters;
  }

  /**
   * Moves the file of an entry here, and writes its reason beside it.
   *
   * @returns whether it is kept; otherwise the file was not moved, and may be removed
   */
  async keep({ id, path, bytes }: Entry, source: string, reason: string): Promise<boolean> {
    const { directory, maxBytes } = this.#options;
    if (bytes > maxBytes) return false;
    const name = join(directory, `${source}-${id}`);
    const letter: DeadLetter = { source, reason, at: Date.now() };
    try {
      await writeFile(`${name}.json`, JSON.stringify(letter), { mode: 0o600 });
      await rename(path, `${name}.entry`);
      await this.prune();
      return true;
    } catch {
      // On a full disk, dead letters are dropped.
      await rm(`${name}.json`, { force: true }).catch(() => {});
      return false;
    }
  }

  /** Removes expired entries, and the oldest above the size limit. */
  async prune(now: number = Date.now()): Promise<void> {
    const { directory, maxBytes, maxAge } = this.#options;
    const names = (await readdir(directory)).filter((name) => name.endsWith('.entry'));
    const found = await Promise.all(
      names.map(async (name) => {
        const path = join(directory, name);
        // The time of the move; `mtime` is that of writing.
        const { size, ctimeMs } = await stat(path);
        return { path, size, since: ctimeMs };
      }),
    );
    let bytes = 0;
    for (const { path, size, since } of found.toSorted((a, b) => b.since - a.since)) {
      bytes += size;
      if (bytes <= maxBytes && now - since <= maxAge) continue;
      await rm(path, { force: true });
      await rm(path.replace(/\.entry$/, '.json'), { force: true });
    }
  }
}
