import { close, openSync, write, writeSync } from 'node:fs';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { journalStem, makeFolderNow, writeReport } from './folder.ts';
import type { SessionReport } from './schema.ts';

/** Maximum characters that wait for a slow disk; further lines are dropped. */
const maxWaiting = 4 * 1024 * 1024;

/**
 * A job's session so far, as JSON Lines in a file beside the future report: if the job dies before it has written
 * that, its worker writes it from here.
 */
export class Journal {
  readonly #path: string;
  readonly #file: number;
  #lines = 0;
  #waiting = '';
  /** The write in progress. */
  #writing = '';
  #closed = false;
  #fileClosed = false;
  /** For an exit during the job. The write in progress may then be in the file twice: lines are numbered. */
  readonly #onExit = () => {
    try {
      writeSync(this.#file, this.#writing + this.#waiting);
    } catch {
      // The process is exiting: the error cannot be reported.
    }
  };

  /** @throws if the file cannot be made */
  constructor(folder: string, stem: string, head: object) {
    this.#path = join(folder, `${stem}.journal`);
    makeFolderNow(folder);
    this.#file = openSync(this.#path, 'ax', 0o600);
    process.once('exit', this.#onExit);
    this.append(head);
  }

  append(entry: object): void {
    if (this.#closed || this.#waiting.length > maxWaiting) return;
    if (this.#waiting === '') setImmediate(() => this.#write());
    this.#lines += 1;
    this.#waiting += `${JSON.stringify({ ...entry, line: this.#lines })}\n`;
  }

  /** Stops accepting lines, at the end of the job. The file is closed after pending writes; nobody waits for them. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    process.off('exit', this.#onExit);
    this.#write();
  }

  /** Removes the journal, once the report is written. */
  async remove(): Promise<void> {
    this.#waiting = '';
    this.close();
    await unlink(this.#path).catch(() => {});
  }

  #write(): void {
    if (this.#writing !== '') return;
    if (this.#waiting === '') {
      if (this.#closed) this.#closeFile();
      return;
    }
    this.#writing = this.#waiting;
    this.#waiting = '';
    write(this.#file, this.#writing, (error) => {
      this.#writing = '';
      // Writing the report itself will report the disk's error.
      if (error) {
        this.#waiting = '';
        this.close();
      }
      this.#write();
    });
  }

  #closeFile(): void {
    if (this.#fileClosed) return;
    this.#fileClosed = true;
    close(this.#file, () => {});
  }
}

/** Milliseconds without a heartbeat after which a job counts as crashed; heartbeats are written every ten seconds. */
const deadAfter = 60_000;

/** A report that was rebuilt from a journal. */
export interface RecoveredReport {
  report: SessionReport;
  /** Whether it gets a log record: the session's switch. */
  logs: boolean;
  /** The span in which the session was observed, of the first of the report's traces. */
  spanId?: string;
}

/** A file with the name of a journal that is not one, such as an empty file. */
export class InvalidJournalError extends Error {
  override name = 'InvalidJournalError';
}

/** Makes a report of a journal. @throws {InvalidJournalError} if it is none; anything else is tried again */
export type Recover = (journal: string) => Promise<RecoveredReport>;

/** The result of recovering the journals of crashed jobs. */
export interface Recovery {
  /** What was written, with the paths; a report that another worker wrote, too, is reported by that worker. */
  written: (RecoveredReport & { path: string })[];
  /** Why others were not: the first error. Their journals stay. */
  failed: Error | undefined;
}

/**
 * Writes the reports of jobs that crashed before they could. A job that was only very slow overwrites it with its own. A
 * journal that cannot be read now, or whose report cannot be written, does not block others.
 *
 * @param now milliseconds since the epoch
 */
export async function recoverReports(folder: string, recover: Recover, now: number): Promise<Recovery> {
  const recovery: Recovery = { written: [], failed: undefined };
  for (const name of await readdir(folder).catch(() => [])) {
    const stem = journalStem(name);
    const path = join(folder, name);
    if (!stem) continue;
    const stats = await lstat(path).catch(() => undefined);
    if (!stats?.isFile() || now - stats.mtimeMs < deadAfter) continue;
    try {
      const recovered = await recover(path).catch((error) => {
        if (!(error instanceof InvalidJournalError)) throw error;
      });
      const report = recovered && (await writeReport(folder, stem, recovered.report));
      // Of several workers with one folder, it is that one's which removes the journal.
      const first = await removed(path);
      if (recovered && report && first) recovery.written.push({ ...recovered, path: report });
    } catch (error) {
      // Another worker was faster.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !(await exists(path))) continue;
      recovery.failed ??= error as Error;
    }
  }
  return recovery;
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** Removes a file; false: it did not exist. */
async function removed(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
