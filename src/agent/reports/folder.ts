import { lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, realpath, rename, stat, unlink, utimes } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { SessionReport } from './schema.ts';

/** A folder that another user may have created. The message names the next step. */
export class UnsafeFolderError extends Error {
  override name = 'UnsafeFolderError';
}

/** A file or folder with its `lstat`. */
export type Entry = Pick<Stats, 'uid' | 'mode' | 'isSymbolicLink'> & { path: string };

const anyoneMayWrite = 0o002;
const othersMayWrite = 0o022;

/**
 * Why a folder is not used; undefined: it is. In a directory in which anyone may make files, such as the system's
 * temporary one, somebody may have made the folder, or a link in its place, before us: there it has to be this
 * user's own, and writable by nobody else. Elsewhere only authorised users could have made it.
 *
 * @param path from the root to the folder
 * @param uid this user's
 */
export function unsafeReason(path: readonly Entry[], uid: number): string | undefined {
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
function pathPrefixes(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...pathPrefixes(parent), path];
}

function assertSafe(entries: readonly Entry[]): void {
  const uid = process.getuid?.();
  const refusal = uid === undefined ? undefined : unsafeReason(entries, uid);
  if (refusal) throw new UnsafeFolderError(refusal);
}

const entryOf = (path: string, stats: Stats): Entry => Object.assign(stats, { path });

/** @throws {UnsafeFolderError} if another user may have created it; the system's error if it does not exist */
export async function checkFolder(folder: string): Promise<void> {
  const path = resolve(folder);
  for (const one of new Set([path, await realpath(path)])) {
    assertSafe(await Promise.all(pathPrefixes(one).map(async (part) => entryOf(part, await lstat(part)))));
  }
}

/** Makes a folder that only this user can enter, unless it is there. @throws as `checkFolder`, or if it cannot be made */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await checkFolder(folder);
}

/** The same, synchronously. */
export function makeFolderNow(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = resolve(folder);
  for (const one of new Set([path, realpathSync(path)])) {
    assertSafe(pathPrefixes(one).map((part) => entryOf(part, lstatSync(part))));
  }
}

/**
 * Writes a report atomically, readable by this user only.
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

const stem = String.raw`talkgauge-report-\d{8}T\d{6}Z-[\w.-]{1,100}-[0-9a-f]{8}`;
const named = (ending: string) => new RegExp(`^(${stem})\\.(?:${ending})$`);
const ours = named('json|ogg');
const journals = named('journal');
/** What writing one leaves if its process is killed: of a report by write-file-atomic, of a recording by ourselves. */
const partialFiles = named(String.raw`json\.\d+|ogg\.part`);

/**
 * The name of a report's files, without what comes after the dot: when the session began to be observed, its job, and
 * an id of the session within the job.
 *
 * @param at milliseconds since the epoch
 */
export function reportStem(at: number, job: string, session: string): string {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  return `talkgauge-report-${time}-${job.replace(/[^\w.-]/g, '_').slice(0, 100) || 'session'}-${session}`;
}

/** Whether a file in a folder of reports is one that Talkgauge has put there: a report, or its recording. */
export const isReportFile = (name: string): boolean => ours.test(name);

/** Whether a file is a part of one of ours, which may be in the middle of being written. */
export const isPartialFile = (name: string): boolean => partialFiles.test(name);

/** The stem of the report that a journal is for; undefined: the file is none. */
export const journalStem = (name: string): string | undefined => journals.exec(name)?.[1];

/**
 * Moves a finished recording beside its report, under the same name, atomically.
 *
 * @param late aborted at the deadline: then the recording stays where it was
 * @returns its name in the folder, how many bytes it has, and when it was written last, in milliseconds since the epoch
 * @throws if it is not there, is empty, or cannot be moved; then it stays where it was
 */
export async function moveRecording(
  recording: string,
  folder: string,
  stem: string,
  late: AbortSignal,
): Promise<{ name: string; bytes: number; at: number }> {
  const { size, mtimeMs } = await stat(recording);
  if (size === 0) throw new Error('the file is empty');
  const name = `${stem}.ogg`;
  await chmod(recording, 0o600);
  await makeFolder(folder);
  // By its age the worker would take it for one that has waited for its bucket.
  const now = new Date();
  await utimes(recording, now, now);
  late.throwIfAborted();
  await rename(recording, join(folder, name)).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error;
    await copyOver(recording, join(folder, name), late);
  });
  return { name, bytes: size, at: mtimeMs };
}

/** From another file system: whole, or not at all. */
async function copyOver(from: string, to: string, late: AbortSignal): Promise<void> {
  const part = `${to}.part`;
  try {
    await copyFile(from, part);
    late.throwIfAborted();
    await rename(part, to);
  } catch (error) {
    await unlink(part).catch(() => {});
    throw error;
  }
  // The report may say already that it is there.
  if (!late.aborted) await unlink(from);
}
