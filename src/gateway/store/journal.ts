import { appendFile, readFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';

/** The number of outdated lines after which the file is rewritten. */
const slack = 1000;

/**
 * A persistent map: each change is appended to a file as a line, and the last line of a key applies. An incomplete line of
 * a crash is skipped.
 */
export class Journal<T> {
  readonly #path: string;
  readonly #values = new Map<string, T>();
  #lines = 0;
  #work: Promise<void> = Promise.resolve();

  private constructor(path: string) {
    this.#path = path;
  }

  static async open<T>(path: string): Promise<Journal<T>> {
    const journal = new Journal<T>(path);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    for (const line of text.split('\n')) journal.#take(line);
    // An incomplete line would otherwise be joined with the next one.
    if (text !== '' && !text.endsWith('\n')) await journal.compact();
    return journal;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  entries(): IterableIterator<[string, T]> {
    return this.#values.entries();
  }

  values(): IterableIterator<T> {
    return this.#values.values();
  }

  async set(key: string, value: T): Promise<void> {
    await this.setAll([[key, value]]);
  }

  /** Sets several entries with one write. */
  async setAll(entries: readonly (readonly [key: string, value: T])[]): Promise<void> {
    for (const [key, value] of entries) this.#values.set(key, value);
    if (entries.length > 0) await this.#append(entries);
  }

  async delete(key: string): Promise<void> {
    if (this.#values.delete(key)) await this.#append([[key]]);
  }

  /** Rewrites the file without outdated lines. */
  async compact(): Promise<void> {
    await this.#exclusively(async () => {
      const lines = [...this.#values].map((entry) => `${JSON.stringify(entry)}\n`);
      await writeFileAtomic(this.#path, lines.join(''), { fsync: false, mode: 0o600 });
      this.#lines = lines.length;
    });
  }

  #take(line: string): void {
    try {
      const [key, value] = JSON.parse(line) as [string, T?];
      this.#lines++;
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
    } catch {
      // Truncated by a crash.
    }
  }

  async #append(entries: readonly (readonly [string, T?])[]): Promise<void> {
    await this.#exclusively(async () => {
      const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`);
      await appendFile(this.#path, lines.join(''), { mode: 0o600 });
      this.#lines += lines.length;
    });
    if (this.#lines > 2 * this.#values.size + slack) await this.compact();
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }
}
