import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import writeFileAtomic from 'write-file-atomic';
import { Bucket, type BucketOptions, NoSuchObject } from '../../objects/bucket.ts';
import type { SessionState } from './session-state.ts';

/** Files of records, one in a line, that grow while a session runs. */
export type Log = 'spans' | 'outline' | 'logs';

/** What is written as a whole. */
type Document = 'session' | 'transcript' | 'report' | 'evaluations' | 'peaks';

export const audioFile = 'audio.ogg';
/** What stays where it is when the others are moved into a bucket. */
const stateFile = 'session.json';

/** Where files are that are not in the folder. */
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
 * The folder of one session. Documents are exchanged whole. Of a growing file, what counts is as many bytes as
 * `session.json` says: a line that was being written when the process died lies beyond, and is cut off.
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

  /** The same, each record as its JSON. */
  async *lines(log: Log, size: number): AsyncGenerator<string> {
    if (size === 0) return;
    const path = join(this.directory, `${log}.jsonl`);
    const here = !this.#remote || (await stat(path).catch(missing)) !== undefined;
    const input = here
      ? createReadStream(path, { end: size - 1 })
      : await this.#remote.objects.get(this.#remote.id, `${log}.jsonl`, `bytes=0-${size - 1}`);
    yield* lines(input);
  }

  /** Whether a file is there as far as that; of one in a bucket that is not looked up. */
  async holds(log: Log, size: number): Promise<boolean> {
    const found = size > 0 ? await stat(join(this.directory, `${log}.jsonl`)).catch(missing) : undefined;
    return found ? found.size >= size : size === 0 || this.#remote !== undefined;
  }

  /** Moves a recording in. A second call, after it was moved already, loses nothing. */
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

  /** Removes the recording, and what was made of it. */
  async removeAudio(): Promise<void> {
    await rm(this.audioPath, { force: true });
    await rm(this.#path('peaks'), { force: true });
  }

  /** What the folder takes on disk. */
  async bytes(): Promise<number> {
    const names = (await readdir(this.directory).catch(missing)) ?? [];
    const sizes = await Promise.all(
      names.map(async (name) => (await stat(join(this.directory, name)).catch(missing))?.size ?? 0),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Copies all files into a bucket. @returns how many bytes that are */
  async upload(objects: Objects, id: string): Promise<number> {
    for (const name of await readdir(this.directory)) await objects.put(id, name, join(this.directory, name));
    return this.bytes();
  }

  /** Removes all files but the one that says what the others are. */
  async leaveState(): Promise<void> {
    for (const name of await readdir(this.directory)) {
      if (name !== stateFile) await rm(join(this.directory, name), { force: true });
    }
  }

  /** Fetches from the bucket what is not here, and leaves nothing there. */
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

  /** When `session.json` was written, in milliseconds. */
  async writtenAt(): Promise<number | undefined> {
    return (await stat(this.#path('session')).catch(missing))?.mtimeMs;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  /**
   * The recording, if it is in the bucket and not here.
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
 * The name under which a session is kept: its job's id as it is, if that is safe. What an SDK sends is not trusted to
 * be: anything else is kept under its hash.
 */
export const sessionIdOf = (sent: string): string =>
  isSessionId(sent) ? sent : `x-${createHash('sha256').update(sent).digest('hex').slice(0, 32)}`;

const newline = 10;

/**
 * The lines of a file as they are read. `readline` reads up to a thousand of them ahead, and hands them out without giving way
 * to anything else; lines with whole prompts make that a hundred megabytes, and a second.
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
   * An object, or a part of it.
   *
   * @param range as in a `Range` header
   * @throws NoSuchObject, or Error if it cannot be had now
   */
  get(id: string, name: string, range?: string): Promise<IncomingMessage> {
    return this.#bucket.get(`${sessionsFolder}${id}/${name}`, range);
  }

  /** Removes all objects of a session. */
  async remove(id: string): Promise<void> {
    for (const key of await this.#bucket.keys(`${sessionsFolder}${id}/`)) await this.#bucket.remove(key);
  }

  /** The names of all sessions that are there. */
  async sessions(): Promise<string[]> {
    const ids = (await this.#bucket.keys(sessionsFolder)).map(
      (key) => key.slice(sessionsFolder.length).split('/')[0] ?? '',
    );
    return [...new Set(ids)];
  }
}
