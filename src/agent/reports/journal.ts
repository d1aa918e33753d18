import { close, openSync, write, writeSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolderNow } from './folder.ts';

/** How much may wait for a slow disk, in characters; more is not kept. */
const maxWaiting = 4 * 1024 * 1024;

/**
 * What a job has to tell so far, line by line in a file beside its report to be: if the job dies before it has written
 * that, its worker writes it from here.
 */
export class Journal {
  readonly #path: string;
  readonly #file: number;
  #lines = 0;
  #waiting = '';
  /** What the disk has been given, and has not said that it has. */
  #onItsWay = '';
  #closed = false;
  #fileClosed = false;
  /** For a process that ends in the middle of its job. What was on its way may then be there twice: lines are numbered. */
  readonly #onExit = () => {
    try {
      writeSync(this.#file, this.#onItsWay + this.#waiting);
    } catch {
      // There is nobody left to tell.
    }
  };

  /** @throws if the file cannot be made */
  constructor(folder: string, stem: string, head: object) {
    this.#path = join(folder, `${stem}.journal`);
    makeFolderNow(folder);
    this.#file = openSync(this.#path, 'ax', 0o600);
    process.once('exit', this.#onExit);
    this.line(head);
  }

  line(told: object): void {
    if (this.#closed || this.#waiting.length > maxWaiting) return;
    if (this.#waiting === '') setImmediate(() => this.#write());
    this.#lines += 1;
    this.#waiting += `${JSON.stringify({ ...told, line: this.#lines })}\n`;
  }

  /** The job is at its end: nothing more is told, and nobody waits for the disk. The file is closed after what waits. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    process.off('exit', this.#onExit);
    this.#write();
  }

  /** The report is written: the journal is not needed any more. */
  async done(): Promise<void> {
    this.#waiting = '';
    this.close();
    await unlink(this.#path).catch(() => {});
  }

  #write(): void {
    if (this.#onItsWay !== '') return;
    if (this.#waiting === '') {
      if (this.#closed) this.#closeFile();
      return;
    }
    this.#onItsWay = this.#waiting;
    this.#waiting = '';
    write(this.#file, this.#onItsWay, (error) => {
      this.#onItsWay = '';
      // The report itself will tell that the disk does not take it.
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
