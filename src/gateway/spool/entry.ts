import { open, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/** What is known of a body beside its bytes; it is kept as the first line of the file. */
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

/** @throws Error if the file cannot be opened, rather than the stream later, when nobody may listen to it any more */
export async function streamBody(entry: Entry): Promise<Readable> {
  const { offset } = await readHead(entry);
  const file = await open(entry.path, 'r');
  return file.createReadStream({ start: offset });
}
