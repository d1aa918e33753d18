import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { journalStem } from './file-names.ts';
import { writeReport } from './folder.ts';
import type { SessionReport } from './schema.ts';

/** After how long without a sign of life a job is taken for dead, in milliseconds; it gives one every ten seconds. */
const deadAfter = 60_000;

/** Makes a report of a journal. */
export type Recover = (journal: string) => Promise<SessionReport>;

/**
 * Writes the reports of jobs that have died before they could. A job that was only very slow writes its own over it.
 *
 * @param now milliseconds since the epoch
 * @returns the reports that were written
 * @throws if one cannot be written; its journal stays
 */
export async function recoverReports(
  folder: string,
  recover: Recover,
  now: number,
): Promise<SessionReport[]> {
  const written: SessionReport[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const stem = journalStem(name);
    const path = join(folder, name);
    if (!stem) continue;
    const stats = await lstat(path).catch(() => undefined);
    if (!stats?.isFile() || now - stats.mtimeMs < deadAfter) continue;
    // One that is no journal at all is of no use to anybody.
    const report = await recover(path).catch(() => undefined);
    if (report) {
      await writeReport(folder, stem, report);
      written.push(report);
    }
    await unlink(path).catch(() => {});
  }
  return written;
}
