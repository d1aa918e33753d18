import { lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs';
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { SessionReport } from './schema.ts';

/** A folder that somebody else may have made. The message says what to do. */
export class FolderRefused extends Error {
  override name = 'FolderRefused';
}

/** A file or folder, as `lstat` tells of it. */
export type Entry = Pick<Stats, 'uid' | 'mode' | 'isSymbolicLink'> & { path: string };

const anyoneMayWrite = 0o002;
const othersMayWrite = 0o022;

/**
 * Why a folder is not used; undefined: it is. In a directory in which anyone may make files, such as the system's
 * temporary one, somebody may have made the folder, or a link in its place, before us: there it has to be this
 * user's own, and writable by nobody else. Elsewhere whoever made it was allowed to.
 *
 * @param path from the root to the folder
 * @param uid this user's
 */
export function refusalOf(path: readonly Entry[], uid: number): string | undefined {
  for (const [index, entry] of path.entries()) {
    const parent = path[index - 1];
    if (!parent || (parent.mode & anyoneMayWrite) === 0) continue;
    const isLast = index === path.length - 1;
    if (entry.isSymbolicLink()) return refused(entry, parent, 'is a symbolic link');
    // What root makes in there, it makes for others.
    if (entry.uid !== uid && (isLast || entry.uid !== 0))
      return refused(entry, parent, `belongs to user ${entry.uid}, and not to ${uid},`);
    if (isLast && (entry.mode & othersMayWrite) !== 0) {
      return refused(entry, parent, `can be written by others (mode ${(entry.mode & 0o777).toString(8)})`);
    }
  }
  return undefined;
}

const refused = ({ path }: Entry, parent: Entry, why: string): string =>
  `${path} ${why} in ${parent.path}, where anyone may make files; remove it, or name a folder of this user's own ` +
  'by TALKGAUGE_REPORTS (with a bucket: TALKGAUGE_REPORTS_SPOOL)';

/** Each part of a path, from the root on. */
function partsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...partsOf(parent), path];
}

function judge(entries: readonly Entry[]): void {
  const uid = process.getuid?.();
  const refusal = uid === undefined ? undefined : refusalOf(entries, uid);
  if (refusal) throw new FolderRefused(refusal);
}

const entryOf = (path: string, stats: Stats): Entry => Object.assign(stats, { path });

/** @throws {FolderRefused} if it may be somebody else's; the system's error if it is not there */
export async function checkFolder(folder: string): Promise<void> {
  const path = resolve(folder);
  for (const one of new Set([path, await realpath(path)])) {
    judge(await Promise.all(partsOf(one).map(async (part) => entryOf(part, await lstat(part)))));
  }
}

/** Makes a folder that only this user can enter, unless it is there. @throws as `checkFolder`, or if it cannot be made */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await checkFolder(folder);
}

/** The same at once. */
export function makeFolderNow(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = resolve(folder);
  for (const one of new Set([path, realpathSync(path)])) {
    judge(partsOf(one).map((part) => entryOf(part, lstatSync(part))));
  }
}

/**
 * Writes a report, so that nobody ever sees a part of it: readable by this user only.
 *
 * @returns its path
 * @throws if it cannot be written
 */
export async function writeReport(folder: string, stem: string, report: SessionReport): Promise<string> {
  const path = join(folder, `${stem}.json`);
  await makeFolder(folder);
  await writeFileAtomic(path, `${JSON.stringify(report)}\n`, { mode: 0o600 });
  return path;
}
