import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { BucketOptions } from '../../objects/bucket.ts';
import { OptionError, type Options } from '../../options.ts';

/** Where session reports go. */
export interface ReportOptions {
  /**
   * A folder, which is made if it is not there, or `s3://BUCKET/PREFIX`. @default TALKGAUGE_REPORTS, or there are no reports
   */
  to?: string;
  /** How long the end of a job may wait for its report, in milliseconds. @default TALKGAUGE_REPORTS_DEADLINE_MS, or 5000 */
  deadlineMs?: number;
  /** Age in days at which the worker removes a report and its recording from the folder. @default TALKGAUGE_REPORTS_MAX_AGE_DAYS, or never */
  maxAgeDays?: number;
  /**
   * Mebibytes that the folder's reports and recordings may take together, before the worker removes the oldest.
   * @default TALKGAUGE_REPORTS_MAX_MB, or no limit; 1024 for reports that wait for a bucket
   */
  maxMb?: number;
  /**
   * The folder in which reports wait for their bucket. @default TALKGAUGE_REPORTS_SPOOL, or one of this user's: in
   * XDG_STATE_HOME, else in ~/.local/state, else, for a user without a home, in the system's temporary folder
   */
  spool?: string;
}

export interface ReportSettings {
  /** Where reports are written; with a bucket they wait there. */
  folder: string;
  bucket: BucketOptions | undefined;
  deadlineMs: number;
  /** Milliseconds; undefined: any age. */
  maxAge: number | undefined;
  /** undefined: any number. */
  maxBytes: number | undefined;
}

const mebibyte = 1024 * 1024;
const day = 86_400_000;
/** Mebibytes that may wait for a bucket. */
const spoolMb = 1024;

/**
 * undefined: there are no reports.
 *
 * @throws {OptionError} for an option or variable that cannot be used; the message names it
 */
export function resolveReports(options: Options): ReportSettings | undefined {
  const to = options.string('to', ['TALKGAUGE_REPORTS']);
  const deadlineMs = options.integer('deadlineMs', 'TALKGAUGE_REPORTS_DEADLINE_MS', 0, 60_000) ?? 5000;
  const maxAgeDays = options.number('maxAgeDays', 'TALKGAUGE_REPORTS_MAX_AGE_DAYS', 0.001, 100_000);
  const maxMb = options.number('maxMb', 'TALKGAUGE_REPORTS_MAX_MB', 1, 1e9);
  const spool = options.string('spool', ['TALKGAUGE_REPORTS_SPOOL']);
  if (to === undefined) return undefined;
  const limits = { deadlineMs, maxAge: maxAgeDays && maxAgeDays * day };
  const scheme = to.match(/^([a-z][a-z0-9+.-]+):\/\//i)?.[1];
  if (!scheme) return { ...limits, folder: to, bucket: undefined, maxBytes: maxMb && maxMb * mebibyte };
  if (scheme !== 's3') throw unusable(to);
  const bucket = bucketOf(to, options);
  const place = `${bucket.bucket}/${bucket.prefix}`.replace(/[^\w.-]+/g, '_');
  return {
    ...limits,
    folder: spool ?? join(spoolRoot(options), place),
    bucket,
    maxBytes: (maxMb ?? spoolMb) * mebibyte,
  };
}

/** Default parent of spool folders. The worker and its jobs must resolve the same one: the worker sends what jobs leave there. */
function spoolRoot(options: Options): string {
  const state = options.string('', ['XDG_STATE_HOME']);
  if (state && isAbsolute(state)) return join(state, 'talkgauge', 'reports');
  const home = options.string('', ['HOME']);
  if (home && isAbsolute(home) && home !== '/' && isWritable(home)) {
    return join(home, '.local', 'state', 'talkgauge', 'reports');
  }
  // Where anyone may make files; see `unsafeReason`. By number: in a container the user may have no name, nor be in any list.
  return join(tmpdir(), `talkgauge-reports-${process.getuid?.() ?? 'user'}`);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The bucket of `s3://BUCKET/PREFIX`, by the variables that AWS's own tools read. */
function bucketOf(to: string, options: Options): BucketOptions {
  const [, bucket = '', prefix = ''] = to.match(/^s3:\/\/([a-z0-9][a-z0-9.-]{1,62})(?:\/(.*))?$/) ?? [];
  // What a URL would need to write otherwise would be signed otherwise.
  if (!bucket || !/^[\w./-]*$/.test(prefix)) throw unusable(to);
  const region = options.string('', ['AWS_REGION', 'AWS_DEFAULT_REGION']) ?? 'us-east-1';
  const accessKeyId = options.string('', ['AWS_ACCESS_KEY_ID']);
  const secretAccessKey = options.string('', ['AWS_SECRET_ACCESS_KEY']);
  if (!accessKeyId || !secretAccessKey) {
    throw new OptionError(
      `Reports to ${to} take the bucket's keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`,
    );
  }
  return {
    endpoint:
      options.string('', ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']) ?? `https://s3.${region}.amazonaws.com`,
    bucket,
    region,
    prefix: prefix && `${prefix.replace(/\/+$/, '')}/`,
    ...{ accessKeyId, secretAccessKey },
    sessionToken: options.string('', ['AWS_SESSION_TOKEN']),
  };
}

const unusable = (to: string) =>
  new OptionError(
    `TALKGAUGE_REPORTS="${to}" cannot be used: give a folder, or s3://BUCKET/PREFIX of letters, digits, _, -, . and /, or leave it out.`,
  );
