import { lstat, readdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Bucket, BucketError, type BucketOptions } from '../../objects/bucket.ts';
import { isReportFile } from './folder.ts';

/** Where a file of a report is, or will be, in its bucket. */
export const bucketUrl = ({ bucket, prefix = '' }: BucketOptions, name: string): string =>
  `s3://${bucket}/${prefix}${name}`;

/** Result of sending all waiting files. */
export interface SendResult {
  /** How many reports were sent. */
  reports: number;
  /** Why others were not: the first error. */
  failed: Error | undefined;
}

/** Sends reports from the folder where they wait to their bucket. */
export class ReportSender {
  readonly #folder: string;
  readonly #bucket: Bucket;

  constructor(folder: string, bucket: BucketOptions) {
    this.#folder = folder;
    this.#bucket = new Bucket(bucket);
  }

  /**
   * Puts a file into the bucket and takes it from the folder.
   *
   * @returns whether it did; not if the file is gone, which its job has sent meanwhile, or another worker
   * @throws Error if the bucket does not take it; then it stays
   */
  async send(path: string): Promise<boolean> {
    try {
      await this.#bucket.put(basename(path), path);
      await unlink(path);
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  /**
   * Sends all waiting files, recordings before their reports. A file that the bucket refuses does not block others; if the
   * bucket is unavailable, the rest waits.
   *
   * @param before only what has been written before this moment, in milliseconds since the epoch: a job sends its own first
   */
  async sendAll(before: number): Promise<SendResult> {
    const names = (await readdir(this.#folder).catch(() => [])).filter(isReportFile);
    const recordings = names.filter((name) => !name.endsWith('.json'));
    const reports = names.filter((name) => name.endsWith('.json'));
    const sent: SendResult = { reports: 0, failed: undefined };
    for (const name of [...recordings, ...reports]) {
      const path = join(this.#folder, name);
      try {
        const stats = await lstat(path);
        if (!stats.isFile() || stats.mtimeMs > before) continue;
        if ((await this.send(path)) && name.endsWith('.json')) sent.reports += 1;
      } catch (error) {
        if (isGone(error)) continue;
        sent.failed ??= new Error(`${(error as Error).message} (${name})`, { cause: error });
        if (!isOfOne(error)) break;
      }
    }
    return sent;
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';
const isGone = (error: unknown) => codeOf(error) === 'ENOENT';

/** Whether an error is one of this file: the bucket refuses it, hangs up on it, or it cannot be read. */
function isOfOne(error: unknown): boolean {
  if (error instanceof BucketError) return error.responseStatus < 500 && error.responseStatus !== 429;
  // Proxies hang up on what is too large for them.
  return ['ECONNRESET', 'EPIPE'].includes(codeOf(error)) || 'path' in (error as Error);
}
