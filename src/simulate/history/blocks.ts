import { execFile } from 'node:child_process';
import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { createHistory } from './history.ts';

const run = promisify(execFile);

/** How long a block is: as long as Prometheus itself makes them by compaction, so that each file is read once. */
const blockHours = 54;

/**
 * Writes a history as blocks of Prometheus' storage, one after the other: text of a month would fill a disk.
 *
 * @param promtool the command, which comes with Prometheus
 * @param onBlock is told the share that is done
 * @throws {Error} with what promtool says
 */
export async function writeBlocks(
  history: ReturnType<typeof createHistory>,
  directory: string,
  promtool = 'promtool',
  onBlock: (done: number) => void = () => {},
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  let importing: Promise<unknown> = Promise.resolve();
  try {
    for (const [index, stretch] of [...history.stretches(blockHours * 3600)].entries()) {
      const file = join(directory, `history-${index % 2}.om`);
      await pipeline(Readable.from(chunks(history.openmetrics(stretch))), createWriteStream(file));
      // The next stretch is written while promtool reads this one.
      await importing;
      importing = run(promtool, [
        'tsdb',
        'create-blocks-from',
        'openmetrics',
        '--quiet',
        `--max-block-duration=${blockHours}h`,
        file,
        directory,
      ]).then(() => onBlock((stretch.to - history.start) / (history.end - history.start)));
      importing.catch(() => {});
    }
    await importing;
  } finally {
    for (const index of [0, 1]) rmSync(join(directory, `history-${index}.om`), { force: true });
  }
}

/** Joins short texts to some that are worth a write. */
function* chunks(texts: Iterable<string>): Generator<string> {
  let text = '';
  for (const next of texts) {
    text += next;
    if (text.length < 1_000_000) continue;
    yield text;
    text = '';
  }
  yield text;
}
