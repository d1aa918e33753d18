import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export interface SpoolOptions {
  /** Created if missing; no other process may write into it. */
  directory: string;
  /** The most bytes of all entries together. */
  maxBytes: number;
  /** Bytes that must stay free on the disk. @default 0 */
  minFreeBytes?: number;
}

export interface ReceiveOptions {
  /** Bytes of the body that are kept; what comes beyond is read and thrown away, and the entry is `cut`. */
  most: number;
  /** How many bytes are announced, to refuse at once what has no room. */
  expected?: number;
  /** Whether to wait until the disk has it, so that it survives a power cut. */
  sync?: boolean;
}

/** The spool is full, or the disk is. */
export class NoSpaceError extends Error {
  override readonly name = 'NoSpaceError';
  readonly reason: 'spool_full' | 'disk_full';

  constructor(reason: 'spool_full' | 'disk_full', options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}

/** The file that names the entry in progress. */
const inProgressFile = 'begun';

/** The size of a typical upload, in bytes. */
const typicalUploadBytes = 16 * 1024;

const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);

/**
 * A folder of bodies, oldest first, bounded in bytes. What was received is there until it is removed, also after a
 * crash: a file gets its name when it is whole.
 */
export class Spool {
  readonly #options: Required<SpoolOptions>;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #arriving = 0;
  #last = { at: 0, count: 0 };
  #arrivals = 0;
  #wake: (() => void)[] = [];
  /** The entry in progress, how many processes have started on it, and whether this one has. */
  #inProgress?: { id: string; times: number; here: boolean };

  private constructor(options: SpoolOptions) {
    this.#options = { minFreeBytes: 0, ...options };
  }

  /** Loads what the folder holds, and removes incomplete files. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    const { directory } = options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of (await readdir(directory)).sort()) {
      const [, id, how] = name.match(/^(\d{13}-\d{6,})\.(entry|cut)$/) ?? [];
      if (id === undefined) {
        if (name.endsWith('.part')) await rm(join(directory, name), { force: true });
        continue;
      }
      const path = join(directory, name);
      spool.#add({ id, path, bytes: (await stat(path)).size, cut: how === 'cut' });
      spool.#last = { at: Number(id.slice(0, 13)), count: Number(id.slice(14)) };
    }
    await spool.#readInProgress();
    return spool;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** All entries, oldest first; then those that were postponed, in the order in which they were. */
  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** The entry that came first. */
  oldest(): Entry | undefined {
    let oldest: Entry | undefined;
    for (const entry of this.#entries.values()) if (!oldest || entry.id < oldest.id) oldest = entry;
    return oldest;
  }

  /** Moves an entry behind all others, until the next start. */
  postpone({ id }: Entry): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
  }

  /** Resolves when an entry is there that was not when it was asked, or after `timeoutMs`. */
  async next(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake.push(resolve);
      timer = setTimeout(resolve, timeoutMs);
      timer.unref();
    });
    clearTimeout(timer);
  }

  /** Ends the waiting for a next entry. */
  wake(): void {
    for (const resolve of this.#wake.splice(0)) resolve();
  }

  /**
   * Writes down a body.
   *
   * @param id of an entry that it replaces, or that it is made of, so that doing it twice does it once
   * @throws NoSpaceError, or what reading the body throws; then nothing of it is kept
   */
  async receive(
    meta: Meta,
    body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    { most, expected = 0, sync = false }: ReceiveOptions,
    id?: string,
  ): Promise<Entry> {
    const { directory } = this.#options;
    await this.#require(expected);
    const part = join(directory, `${process.pid}-${this.#arrivals++}.part`);
    let taken = 0;
    let cut = false;
    try {
      const file = await open(part, 'wx', 0o600);
      try {
        const head = headOf(meta);
        await file.write(head);
        for await (const chunk of body) {
          const kept = chunk.subarray(0, Math.max(0, most - taken));
          cut ||= kept.length < chunk.length;
          if (kept.length === 0) continue;
          taken += kept.length;
          this.#arriving += kept.length;
          if (this.#bytes + this.#arriving > this.#options.maxBytes) throw new NoSpaceError('spool_full');
          await file.writeFile(kept);
        }
        if (sync) await file.datasync();
        taken += head.length;
        this.#arriving += head.length;
      } finally {
        await file.close();
      }
      const name = id ?? this.#name();
      const path = join(directory, `${name}.${cut ? 'cut' : 'entry'}`);
      await rename(part, path);
      const entry = { id: name, path, bytes: taken, cut };
      this.#add(entry);
      this.wake();
      return entry;
    } catch (error) {
      await rm(part, { force: true }).catch(() => {});
      throw full.has((error as NodeJS.ErrnoException).code ?? '')
        ? new NoSpaceError('disk_full', { cause: error })
        : error;
    } finally {
      this.#arriving -= taken;
    }
  }

  /**
   * Records on disk that processing of an entry starts.
   *
   * @returns how many processes have started on it and died before they finished, one after the other
   */
  async startProcessing({ id }: Entry): Promise<number> {
    const known = this.#inProgress?.id === id ? this.#inProgress : { id, times: 0, here: false };
    if (known.here) return known.times - 1;
    this.#inProgress = { id, times: known.times + 1, here: true };
    // On a full disk, nothing is recorded.
    await writeFile(this.#inProgressPath, `${id} ${this.#inProgress.times}`, { mode: 0o600 }).catch(() => {});
    return known.times;
  }

  get #inProgressPath(): string {
    return join(this.#options.directory, inProgressFile);
  }

  async #readInProgress(): Promise<void> {
    const [, id, times] =
      (await readFile(this.#inProgressPath, 'utf8').catch(() => '')).match(/^(\S+) (\d+)$/) ?? [];
    if (id !== undefined) this.#inProgress = { id, times: Number(times), here: false };
  }

  async remove({ id, path, bytes }: Entry): Promise<void> {
    await rm(path, { force: true });
    if (this.#entries.delete(id)) this.#bytes -= bytes;
    if (this.#entries.size === 0) await rm(this.#inProgressPath, { force: true });
  }

  /**
   * Checks that another upload would be accepted.
   *
   * @throws NoSpaceError, or Error of the file system
   */
  async check(): Promise<void> {
    await this.#require(typicalUploadBytes);
    const probe = join(this.#options.directory, `${process.pid}-${this.#arrivals++}.part`);
    try {
      await writeFile(probe, '0', { mode: 0o600 });
    } finally {
      await rm(probe, { force: true });
    }
  }

  async #require(expected: number): Promise<void> {
    const { directory, maxBytes, minFreeBytes } = this.#options;
    if (this.#bytes + this.#arriving + expected > maxBytes) throw new NoSpaceError('spool_full');
    if (minFreeBytes === 0) return;
    const { bavail, bsize } = await statfs(directory);
    if (bavail * bsize - expected < minFreeBytes) throw new NoSpaceError('disk_full');
  }

  #add(entry: Entry): void {
    const before = this.#entries.get(entry.id);
    if (before) this.#bytes -= before.bytes;
    this.#entries.set(entry.id, entry);
    this.#bytes += entry.bytes;
  }

  /** Later names sort after earlier ones, also when the clock is set back. */
  #name(): string {
    const now = Date.now();
    const { at, count } = this.#last;
    this.#last = now > at ? { at: now, count: 0 } : { at, count: count + 1 };
    return `${String(this.#last.at).padStart(13, '0')}-${String(this.#last.count).padStart(6, '0')}`;
  }
}

/** Metadata of a body; the first line of the file. */
export type Meta = Readonly<Record<string, string | number | boolean>>;

/** A body that waits in a spool. */
export interface Entry {
  /** Unique, and later ones sort after earlier ones. */
  id: string;
  path: string;
  /** Of the whole file. */
  bytes: number;
  /** Whether the body was larger than it may be: what is there is its beginning. */
  cut: boolean;
}

/** The largest first line that is read. */
const maxHead = 16 * 1024;

export const headOf = (meta: Meta): Buffer => Buffer.from(`${JSON.stringify(meta)}\n`);

/**
 * An entry's meta data, and where its body begins.
 *
 * @throws Error if its first line is damaged
 */
async function readHead({ path }: Entry): Promise<{ meta: Meta; offset: number }> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(maxHead);
    const { bytesRead } = await file.read(head, 0, maxHead, 0);
    const end = head.subarray(0, bytesRead).indexOf('\n');
    if (end < 0) throw new Error('its first line is damaged');
    return { meta: JSON.parse(head.subarray(0, end).toString()), offset: end + 1 };
  } finally {
    await file.close();
  }
}

export const readMeta = async (entry: Entry): Promise<Meta> => (await readHead(entry)).meta;

export async function readBody(entry: Entry): Promise<Buffer> {
  const { offset } = await readHead(entry);
  return (await readFile(entry.path)).subarray(offset);
}

/** @throws Error if the file cannot be opened, rather than an error of the stream later, without a listener */
export async function streamBody(entry: Entry): Promise<Readable> {
  const { offset } = await readHead(entry);
  const file = await open(entry.path, 'r');
  return file.createReadStream({ start: offset });
}
