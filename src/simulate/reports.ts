import { join } from 'node:path';
import type { ReportOptions } from '../agent/reports/settings.ts';

/** What a demonstration may have on the disk, in mebibytes; a folder of the user's own is bounded as the user says. */
const maxMb = 1024;

export interface CallReports {
  /** For the worker. */
  options: ReportOptions;
  /** For its jobs. */
  environment: Readonly<Record<string, string>>;
  /** Where they go. */
  to: string;
}

/** Where the reports of the calls go: where `TALKGAUGE_REPORTS` says, else into a folder beside what else is kept. */
export function callReports(directory: string, env = process.env): CallReports {
  const own = env.TALKGAUGE_REPORTS?.trim();
  if (own) return { options: {}, environment: {}, to: own };
  const to = join(directory, 'reports');
  return {
    options: { to, maxMb: env.TALKGAUGE_REPORTS_MAX_MB ? undefined : maxMb },
    environment: { TALKGAUGE_REPORTS: to },
    to,
  };
}
