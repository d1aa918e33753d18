import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { journalStem } from './file-names.ts';
import { writeReport } from './folder.ts';
import type { SessionReport } from './schema.ts';

/** After how long without a sign of life a job is taken for dead, in milliseconds; it gives one every ten seconds. */
const deadAfter = 60_000;

/** What a journal has to tell. */
export interface Recovered {
  report: SessionReport;
  /** Whether the log may be told of it: the session's switch. */
  logs: boolean;
  /** The span in which the session was observed, of the first of the report's traces. */
  spanId?: string;
}

/** Makes a report of a journal. */
export type Recover = (journal: string) => Promise<Recovered>;

/**
 * Writes the reports of jobs that have died before they could. A job that was only very slow writes its own over it.
 *
 * @param now milliseconds since the epoch
 * @returns what was written, with the paths; a report that another worker has written, too, is that worker's to tell of
 * @throws if one cannot be written, or its journal not removed; then that stays
 */
export async function recoverReports(
  folder: string,
  recover: Recover,
  now: number,
): Promise<(Recovered & { path: string })[]> {
  const written: (Recovered & { path: string })[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const stem = journalStem(name);
    const path = join(folder, name);
    if (!stem) continue;
    const stats = await lstat(path).catch(() => undefined);
    if (!stats?.isFile() || now - stats.mtimeMs < deadAfter) continue;
    // One that is no journal at all is of no use to anybody.
    const recovered = await recover(path).catch(() => undefined);
    const report = recovered && (await writeReport(folder, stem, recovered.report));
    // Of several workers with one folder, it is that one's which removes the journal.
    const first = await removed(path);
    if (recovered && report && first) written.push({ ...recovered, path: report });
  }
  return written;
}

/** Removes a file; false: it was gone. */
async function removed(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
