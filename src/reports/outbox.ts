import { lstat, readdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Bucket, type BucketOptions } from '../objects/bucket.ts';
import { isOurs } from './file-names.ts';

/** Where a file of a report is, or will be, in its bucket. */
export const urlIn = ({ bucket, prefix = '' }: BucketOptions, name: string): string =>
  `s3://${bucket}/${prefix}${name}`;

/** The way of reports from the folder where they wait into their bucket. */
export class Outbox {
  readonly #folder: string;
  readonly #bucket: Bucket;

  constructor(folder: string, bucket: BucketOptions) {
    this.#folder = folder;
    this.#bucket = new Bucket(bucket);
  }

  /**
   * Puts a file into the bucket and takes it from the folder.
   *
   * @throws Error if the bucket does not take it; then it stays
   */
  async send(path: string): Promise<void> {
    await this.#bucket.put(basename(path), path);
    await unlink(path).catch(gone);
  }

  /**
   * Sends all that waits, recordings before the reports that tell of them.
   *
   * @param before only what has been written before this moment, in milliseconds since the epoch: a job sends its own first
   * @returns how many reports were sent
   * @throws Error at the first that the bucket does not take
   */
  async sendAll(before: number): Promise<number> {
    const names = (await readdir(this.#folder).catch(() => [])).filter(isOurs);
    const recordings = names.filter((name) => !name.endsWith('.json'));
    const reports = names.filter((name) => name.endsWith('.json'));
    let sent = 0;
    for (const name of [...recordings, ...reports]) {
      const path = join(this.#folder, name);
      const stats = await lstat(path).catch(gone);
      if (!stats?.isFile() || stats.mtimeMs > before) continue;
      await this.send(path);
      if (name.endsWith('.json')) sent += 1;
    }
    return sent;
  }
}

/** Its job has sent it meanwhile, or another worker. */
const gone = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
};
