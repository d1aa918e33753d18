import { chmod, copyFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './folder.ts';

/**
 * Moves a finished recording to its report, under the same name, so that nobody ever sees a part of it.
 *
 * @param late aborted when nobody waits for it any more: then it stays where it was
 * @returns its name in the folder, how many bytes it has, and when it was written last, in milliseconds since the epoch
 * @throws if it is not there, is empty, or cannot be moved; then it stays where it was
 */
export async function takeIn(
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
