import { OptionError, type Options } from '../options.ts';

/** Where session reports go. */
export interface ReportOptions {
  /** A folder, which is made if it is not there. @default EARSHOT_REPORTS, or there are no reports */
  to?: string;
  /** How long the end of a job may wait for its report, in milliseconds. @default EARSHOT_REPORTS_DEADLINE_MS, or 5000 */
  deadlineMs?: number;
}

export interface ReportSettings {
  folder: string;
  deadlineMs: number;
}

/**
 * undefined: there are no reports.
 *
 * @throws {OptionError} for an option or variable that cannot be used; the message names it
 */
export function resolveReports(options: Options): ReportSettings | undefined {
  const to = options.string('to', ['EARSHOT_REPORTS']);
  const deadlineMs = options.integer('deadlineMs', 'EARSHOT_REPORTS_DEADLINE_MS', 0, 60_000) ?? 5000;
  if (to === undefined) return undefined;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(to)) {
    throw new OptionError(`EARSHOT_REPORTS="${to}" cannot be used: give a folder, or leave it out.`);
  }
  return { folder: to, deadlineMs };
}
