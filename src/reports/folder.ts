import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { SessionReport } from './schema.ts';

/**
 * Writes a report, so that nobody ever sees a part of it: readable by this user only.
 *
 * @returns its path
 * @throws if it cannot be written
 */
export async function writeReport(folder: string, stem: string, report: SessionReport): Promise<string> {
  const path = join(folder, `${stem}.json`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFileAtomic(path, `${JSON.stringify(report)}\n`, { mode: 0o600 });
  return path;
}
