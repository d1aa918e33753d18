import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export interface SpoolOptions {
  /** Created if missing; no other process may write into it. */
  directory: string;
  /** Maximum bytes of all entries. */
  maxBytes: number;
  /** Bytes that must stay free on the disk. @default 0 */
  minFreeBytes?: number;
}

export interface ReceiveOptions {
  /** Maximum bytes of the body; the rest is read and discarded, and the entry is `cut`. */
  most: number;
  /** The announced number of bytes, so that a body without space is refused at once. */
  expected?: number;
  /** Whether to wait for the sync to disk, so that it survives a power cut. */
  sync?: boolean;
}

/** The spool or the disk is full. */
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
 * A durable queue of request bodies in a folder, oldest first, with a size limit. A received entry stays until it is
 * removed, also after a crash: a file is renamed when it is complete.
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

  /** Loads the entries of the folder, and removes incomplete files. */
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

  /** All entries, oldest first; then the postponed ones, in order of postponement. */
  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** The first entry. */
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

  /** Resolves when a new entry arrives, or after `timeoutMs`. */
  async next(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake.push(resolve);
      timer = setTimeout(resolve, timeoutMs);
      timer.unref();
    });
    clearTimeout(timer);
  }

  /** Ends a wait for the next entry. */
  wake(): void {
    for (const resolve of this.#wake.splice(0)) resolve();
  }

  /**
   * Stores a body.
   *
   * @param id of an entry that it replaces or is derived from, which makes the call idempotent
   * @throws NoSpaceError, or the error of reading the body; then nothing is stored
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
   * @returns the number of consecutive processes that crashed while they processed it
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

/** A body in a spool. */
export interface Entry {
  /** Unique, and later ones sort after earlier ones. */
  id: string;
  path: string;
  /** The size of the whole file. */
  bytes: number;
  /** Whether the body exceeded its limit, so that only its beginning is stored. */
  cut: boolean;
}

/** Maximum bytes of the first line. */
const maxHead = 16 * 1024;

export const headOf = (meta: Meta): Buffer => Buffer.from(`${JSON.stringify(meta)}\n`);

/**
 * An entry's metadata, and the offset of its body.
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

/** @throws Error if the file cannot be opened; otherwise the stream would emit the error later, without a listener */
export async function streamBody(entry: Entry): Promise<Readable> {
  const { offset } = await readHead(entry);
  const file = await open(entry.path, 'r');
  return file.createReadStream({ start: offset });
}
