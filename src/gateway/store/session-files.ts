import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import writeFileAtomic from 'write-file-atomic';
import type { SessionState } from './session-state.ts';

/** Files of records, one in a line, that grow while a session runs. */
export type Log = 'spans' | 'logs';

/** What is written as a whole. */
type Document = 'session' | 'transcript' | 'report' | 'evaluations';

export const audioFile = 'audio.ogg';

const missing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT') return undefined;
  throw error;
};

/**
 * The folder of one session. Documents are exchanged whole. Of a growing file, what counts is as many bytes as
 * `session.json` says: a line that was being written when the process died lies beyond, and is cut off.
 */
export class SessionFiles {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  get audioPath(): string {
    return join(this.directory, audioFile);
  }

  async create(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
  }

  readState(): Promise<SessionState | undefined> {
    return this.read<SessionState>('session');
  }

  async read<T>(document: Document): Promise<T | undefined> {
    const text = await readFile(this.#path(document), 'utf8').catch(missing);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /** @param sync whether to wait until the disk has it */
  async write(document: Document, value: unknown, sync = false): Promise<void> {
    await writeFileAtomic(this.#path(document), JSON.stringify(value), { fsync: sync, mode: 0o600 });
  }

  /**
   * Adds records after the first `size` bytes of a file.
   *
   * @returns its size then
   */
  async append(log: Log, size: number, records: readonly unknown[]): Promise<number> {
    if (records.length === 0) return size;
    const lines = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const file = await open(join(this.directory, `${log}.jsonl`), size > 0 ? 'r+' : 'w', 0o600);
    try {
      await file.truncate(size);
      await file.write(lines, 0, lines.length, size);
    } finally {
      await file.close();
    }
    return size + lines.length;
  }

  /** Reads the first `size` bytes of a file, record by record. */
  async *records<T>(log: Log, size: number): AsyncGenerator<T> {
    if (size === 0) return;
    const input = createReadStream(join(this.directory, `${log}.jsonl`), { end: size - 1 });
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line) yield JSON.parse(line) as T;
    }
  }

  /** Moves a recording in. If it was moved already, and it is told again, nothing is lost. */
  async adoptAudio(path: string): Promise<void> {
    try {
      await rename(path, this.audioPath);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && (await stat(this.audioPath).catch(missing))) return;
      if (code !== 'EXDEV') throw error;
      await copyFile(path, this.audioPath);
      await unlink(path);
    }
  }

  async removeAudio(): Promise<void> {
    await rm(this.audioPath, { force: true });
  }

  /** What the folder takes on disk. */
  async bytes(): Promise<number> {
    const names = (await readdir(this.directory).catch(missing)) ?? [];
    const sizes = await Promise.all(
      names.map(async (name) => (await stat(join(this.directory, name)).catch(missing))?.size ?? 0),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** When `session.json` was written, in milliseconds. */
  async writtenAt(): Promise<number | undefined> {
    return (await stat(this.#path('session')).catch(missing))?.mtimeMs;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  #path(document: Document): string {
    return join(this.directory, `${document}.json`);
  }
}
