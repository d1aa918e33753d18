import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isOurs, isPart, journalStem } from './file-names.ts';

export interface Retention {
  /** Age at which a report is removed, in milliseconds. @default never */
  maxAge?: number;
  /** Bytes that reports and recordings together may take before the oldest are removed. @default any number */
  maxBytes?: number;
}

/** The files of one session. */
interface Kept {
  names: string[];
  bytes: number;
  /** When the last of them was written, in milliseconds since the epoch. */
  at: number;
}

/** Age at which a part of a file, to which nobody has written since, is not being written any more, in milliseconds. */
const abandoned = 3_600_000;

/**
 * Removes reports with their recordings from a folder: what is too old, then the oldest, until the rest has room; and what
 * was left when a process ended in the middle of writing one. It touches nothing but regular files whose names are those of reports.
 *
 * @param now milliseconds since the epoch
 * @returns how many reports were removed, and why
 * @throws if the folder cannot be read
 */
export async function retain(
  folder: string,
  { maxAge = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY }: Retention,
  now: number,
): Promise<{ age: number; size: number }> {
  await sweep(folder, isPart, now - abandoned);
  // Of a journal that never could be read.
  await sweep(folder, (name) => journalStem(name) !== undefined, now - Math.max(maxAge, abandoned));
  const oldestFirst = [...(await reportsIn(folder))].sort((a, b) => a.at - b.at);
  let bytes = oldestFirst.reduce((sum, report) => sum + report.bytes, 0);
  const removed = { age: 0, size: 0 };
  for (const report of oldestFirst) {
    const old = now - report.at > maxAge;
    if (!old && bytes <= maxBytes) continue;
    for (const name of report.names) await unlink(join(folder, name)).catch(gone);
    bytes -= report.bytes;
    removed[old ? 'age' : 'size'] += 1;
  }
  return removed;
}

/** Removes files to which nobody has written since `before`, in milliseconds since the epoch. */
async function sweep(folder: string, which: (name: string) => boolean, before: number): Promise<void> {
  for (const name of (await readdir(folder).catch(none)).filter(which)) {
    const stats = await lstat(join(folder, name)).catch(gone);
    if (!stats?.isFile() || stats.mtimeMs >= before) continue;
    await unlink(join(folder, name)).catch(gone);
  }
}

async function reportsIn(folder: string): Promise<Iterable<Kept>> {
  const found = new Map<string, Kept>();
  for (const name of (await readdir(folder).catch(none)).filter(isOurs)) {
    const stats = await lstat(join(folder, name)).catch(gone);
    if (!stats?.isFile()) continue;
    const stem = name.slice(0, name.lastIndexOf('.'));
    const known = found.get(stem) ?? { names: [], bytes: 0, at: 0 };
    found.set(stem, {
      names: [...known.names, name],
      bytes: known.bytes + stats.size,
      at: Math.max(known.at, stats.mtimeMs),
    });
  }
  return found.values();
}

/** Another worker may look after the same folder. */
const gone = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
};

/** A folder that is not there yet. */
const none = (error: NodeJS.ErrnoException): string[] => {
  if (error.code === 'ENOENT') return [];
  throw error;
};
