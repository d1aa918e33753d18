import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import writeFileAtomic from 'write-file-atomic';
import { Bucket, type BucketOptions, NoSuchObject } from '../../objects/bucket.ts';
import type { SessionState } from './session-state.ts';

/** Append-only files of a session, with one record per line. */
export type Log = 'spans' | 'outline' | 'logs';

/** Documents, which are replaced as a whole. */
type Document = 'session' | 'transcript' | 'report' | 'evaluations' | 'peaks';

export const audioFile = 'audio.ogg';
/** The file that stays in the folder when the others are moved into a bucket. */
const stateFile = 'session.json';

/** The bucket for files that are not in the folder. */
interface Remote {
  objects: Objects;
  id: string;
}

const missing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT') return undefined;
  throw error;
};

const absent = (error: Error): undefined => {
  if (error instanceof NoSuchObject) return undefined;
  throw error;
};

/**
 * The folder of one session. Documents are replaced as a whole. The valid size of an append-only file is in `session.json`:
 * an incomplete line of a crash lies beyond it, and is truncated.
 */
export class SessionFiles {
  readonly directory: string;
  readonly #remote?: Remote;

  constructor(directory: string, remote?: Remote) {
    this.directory = directory;
    this.#remote = remote;
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
    const text =
      (await readFile(this.#path(document), 'utf8').catch(missing)) ??
      (await this.#remoteText(`${document}.json`));
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /** @param sync whether to wait for the sync to disk */
  async write(document: Document, value: unknown, sync = false): Promise<void> {
    await writeFileAtomic(this.#path(document), JSON.stringify(value), { fsync: sync, mode: 0o600 });
  }

  /**
   * Appends records after the first `size` bytes of a file.
   *
   * @returns its new size
   */
  async append(log: Log, size: number, records: readonly unknown[]): Promise<number> {
    if (records.length === 0) return size;
    const added = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const file = await open(join(this.directory, `${log}.jsonl`), size > 0 ? 'r+' : 'w', 0o600);
    try {
      await file.truncate(size);
      await file.write(added, 0, added.length, size);
    } finally {
      await file.close();
    }
    return size + added.length;
  }

  /** Reads the first `size` bytes of a file, record by record. */
  async *records<T>(log: Log, size: number): AsyncGenerator<T> {
    for await (const line of this.lines(log, size)) yield JSON.parse(line) as T;
  }

  /** The same, with each record as JSON text. */
  async *lines(log: Log, size: number): AsyncGenerator<string> {
    if (size === 0) return;
    const path = join(this.directory, `${log}.jsonl`);
    const here = !this.#remote || (await stat(path).catch(missing)) !== undefined;
    const input = here
      ? createReadStream(path, { end: size - 1 })
      : await this.#remote.objects.get(this.#remote.id, `${log}.jsonl`, `bytes=0-${size - 1}`);
    yield* lines(input);
  }

  /** Whether a file exists with at least this size; not checked for one in a bucket. */
  async holds(log: Log, size: number): Promise<boolean> {
    const found = size > 0 ? await stat(join(this.directory, `${log}.jsonl`)).catch(missing) : undefined;
    return found ? found.size >= size : size === 0 || this.#remote !== undefined;
  }

  /** Moves a recording into the folder. Idempotent. */
  async adoptAudio(path: string): Promise<void> {
    await rm(this.#path('peaks'), { force: true });
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

  /** Removes the recording, and its derived files. */
  async removeAudio(): Promise<void> {
    await rm(this.audioPath, { force: true });
    await rm(this.#path('peaks'), { force: true });
  }

  /** The size of the folder on disk, in bytes. */
  async bytes(): Promise<number> {
    const names = (await readdir(this.directory).catch(missing)) ?? [];
    const sizes = await Promise.all(
      names.map(async (name) => (await stat(join(this.directory, name)).catch(missing))?.size ?? 0),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Copies all files into a bucket. @returns their size in bytes */
  async upload(objects: Objects, id: string): Promise<number> {
    for (const name of await readdir(this.directory)) await objects.put(id, name, join(this.directory, name));
    return this.bytes();
  }

  /** Removes all files except `session.json`. */
  async leaveState(): Promise<void> {
    for (const name of await readdir(this.directory)) {
      if (name !== stateFile) await rm(join(this.directory, name), { force: true });
    }
  }

  /** Moves missing files from the bucket into the folder, and empties the bucket. */
  async fetch(): Promise<void> {
    if (!this.#remote) return;
    const { objects, id } = this.#remote;
    for (const name of [
      'transcript.json',
      'report.json',
      'evaluations.json',
      'spans.jsonl',
      'outline.jsonl',
      'logs.jsonl',
      audioFile,
    ]) {
      const path = join(this.directory, name);
      if (await stat(path).catch(missing)) continue;
      const found = await objects.get(id, name).catch(absent);
      if (!found) continue;
      await pipeline(found, createWriteStream(`${path}.part`, { mode: 0o600 }));
      await rename(`${path}.part`, path);
    }
    await objects.remove(id);
  }

  /** The modification time of `session.json`, in milliseconds. */
  async writtenAt(): Promise<number | undefined> {
    return (await stat(this.#path('session')).catch(missing))?.mtimeMs;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  /**
   * The recording, if it is only in the bucket.
   *
   * @param range as in a `Range` header
   */
  async remoteAudio(range: string | undefined): Promise<IncomingMessage | undefined> {
    if (!this.#remote || (await stat(this.audioPath).catch(missing))) return undefined;
    return this.#remote.objects.get(this.#remote.id, audioFile, range);
  }

  async #remoteText(name: string): Promise<string | undefined> {
    const found = await this.#remote?.objects.get(this.#remote.id, name).catch(absent);
    if (!found) return undefined;
    const chunks: Buffer[] = [];
    for await (const chunk of found) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }

  #path(document: Document): string {
    return join(this.directory, `${document}.json`);
  }
}

/** Names that are safe as a folder, in a URL and as an object's key. */
const safe = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

export const isSessionId = (text: string): boolean => safe.test(text);

/**
 * The name of a session's folder: its job's id if that is safe, otherwise a hash of it, because ids from an SDK are not
 * trusted.
 */
export const sessionIdOf = (sent: string): string =>
  isSessionId(sent) ? sent : `x-${createHash('sha256').update(sent).digest('hex').slice(0, 32)}`;

const newline = 10;

/**
 * Reads the lines of a file one by one. `readline` reads up to a thousand lines ahead, and emits them without yielding to
 * the event loop; with whole prompts, these are a hundred megabytes, and a second.
 */
export async function* lines(input: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let begun: Buffer[] = [];
  for await (const chunk of input) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      const rest = chunk.subarray(from, end);
      from = end + 1;
      const line = begun.length > 0 ? Buffer.concat([...begun, rest]) : rest;
      begun = [];
      if (line.length > 0) yield line.toString();
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString();
}

const sessionsFolder = 'sessions/';

/** Files of sessions in a bucket, under `sessions/ID/NAME`. */
export class Objects {
  readonly #bucket: Bucket;

  constructor(options: BucketOptions) {
    this.#bucket = new Bucket(options);
  }

  /** @throws Error if it is not stored */
  put(id: string, name: string, path: string): Promise<void> {
    return this.#bucket.put(`${sessionsFolder}${id}/${name}`, path);
  }

  /**
   * An object, or a range of it.
   *
   * @param range as in a `Range` header
   * @throws NoSuchObject, or Error if it is temporarily unavailable
   */
  get(id: string, name: string, range?: string): Promise<IncomingMessage> {
    return this.#bucket.get(`${sessionsFolder}${id}/${name}`, range);
  }

  /** Removes all objects of a session. */
  async remove(id: string): Promise<void> {
    for (const key of await this.#bucket.keys(`${sessionsFolder}${id}/`)) await this.#bucket.remove(key);
  }

  /** The names of all stored sessions. */
  async sessions(): Promise<string[]> {
    const ids = (await this.#bucket.keys(sessionsFolder)).map(
      (key) => key.slice(sessionsFolder.length).split('/')[0] ?? '',
    );
    return [...new Set(ids)];
  }
}
