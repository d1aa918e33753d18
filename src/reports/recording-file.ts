import { chmod, copyFile, mkdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Moves a finished recording to its report, under the same name, so that nobody ever sees a part of it.
 *
 * @returns its name in the folder, how many bytes it has, and when it was written last, in milliseconds since the epoch
 * @throws if it is not there, is empty, or cannot be moved; then it stays where it was
 */
export async function takeIn(
  recording: string,
  folder: string,
  stem: string,
): Promise<{ name: string; bytes: number; at: number }> {
  const { size, mtimeMs } = await stat(recording);
  if (size === 0) throw new Error('the file is empty');
  const name = `${stem}.ogg`;
  await chmod(recording, 0o600);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rename(recording, join(folder, name)).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error;
    await copyOver(recording, join(folder, name));
  });
  return { name, bytes: size, at: mtimeMs };
}

/** From another file system: whole, or not at all. */
async function copyOver(from: string, to: string): Promise<void> {
  const part = `${to}.part`;
  try {
    await copyFile(from, part);
    await rename(part, to);
  } catch (error) {
    await unlink(part).catch(() => {});
    throw error;
  }
  await unlink(from);
}
