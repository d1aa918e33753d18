import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

/**
 * What tells this gateway from all others (OpenTelemetry's `service.instance.id`): drawn at the first start, and kept in its
 * directory, for its totals go on after a restart.
 */
export async function instanceId(directory: string): Promise<string> {
  const file = join(directory, 'instance-id');
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (known.trim() !== '') return known.trim();
  const drawn = randomUUID();
  await writeFileAtomic(file, `${drawn}\n`, { mode: 0o600 });
  return drawn;
}
