import { lstat, readdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Observation, observation } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';
import { checkFolder, isPartialFile, isReportFile, journalStem, UnsafeFolderError } from './folder.ts';
import { type Recover, type RecoveredReport, recoverReports } from './journal.ts';
import { bucketUrl, ReportSender } from './report-sender.ts';
import type { ReportSettings } from './settings.ts';

export interface MaintenanceOptions {
  settings: ReportSettings;
  sink(observation: Observation, about?: Identity): void;
  /** Creates the report of a crashed job. */
  recover: Recover;
  /** Called once for each recovered report, with its path or its URL in the bucket. */
  onRecovered?(recovered: RecoveredReport, location: string): void;
  /** Receives warnings, one line each. */
  log(message: string): void;
  /** Milliseconds between two runs. @default 10000 */
  interval?: number;
}

/** Milliseconds between two applications of the retention. */
const retentionInterval = 600_000;
/** The longest pause after a bucket has failed, in milliseconds. */
const longestPause = 300_000;

/** The worker's maintenance of its jobs' reports: recovers those of dead jobs, sends reports to their bucket, removes old ones. Returns its stop. */
export function maintainReports({
  settings,
  sink,
  recover,
  onRecovered,
  log,
  interval = 10_000,
}: MaintenanceOptions): () => void {
  const { folder, bucket, deadlineMs, maxAge, maxBytes } = settings;
  const sender = bucket && new ReportSender(folder, bucket);
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  let retainedAt = Number.NEGATIVE_INFINITY;
  /** Warnings of the last run and of this one: a persistent problem is logged once, not every ten seconds. */
  let warnedBefore = new Set<string>();
  let warnedNow = new Set<string>();
  const warnOnce = (message: string) => {
    if (!warnedBefore.has(message)) log(message);
    warnedNow.add(message);
  };

  const send = async () => {
    if (!sender || !bucket) return;
    // The job itself may be about to send a younger report.
    const { reports, failed } = await sender.sendAll(Date.now() - deadlineMs);
    if (reports > 0) sink(observation('talkgauge_session_report_uploads_total', { result: 'ok' }, reports));
    if (!failed) {
      if (failures > 0) log(`reports reach ${bucketUrl(bucket, '')} again`);
      failures = 0;
      return;
    }
    sink(observation('talkgauge_session_report_uploads_total', { result: 'failed' }, 1));
    if (failures === 0) {
      log(`reports wait in ${folder}, for ${bucketUrl(bucket, '')} does not take them: ${failed.message}`);
    }
    failures += 1;
  };
  const clean = async () => {
    if (performance.now() - retainedAt < retentionInterval) return;
    retainedAt = performance.now();
    const removed = await applyRetention(folder, { maxAge, maxBytes }, Date.now());
    for (const reason of ['age', 'size'] as const) {
      if (removed[reason] > 0) {
        sink(observation('talkgauge_session_reports_removed_total', { reason }, removed[reason]));
      }
    }
  };
  const recoverDeadJobs = async () => {
    const { written, failed } = await recoverReports(folder, recover, Date.now());
    if (failed) warnOnce(`the report of a job that died is not in ${folder} yet: ${failed.message}`);
    for (const { path, ...recovered } of written) {
      const { agentName, agentVersion } = recovered.report;
      const about = { agent_name: agentName, agent_version: agentVersion };
      sink(observation('talkgauge_session_reports_total', { outcome: 'recovered' }, 1), about);
      onRecovered?.(recovered, bucket ? bucketUrl(bucket, basename(path)) : path);
    }
  };
  /** A missing folder is not unsafe. */
  const refused = () =>
    checkFolder(folder).then(
      () => undefined,
      (error: Error) => (error instanceof UnsafeFolderError ? error : undefined),
    );
  const runTasks = async () => {
    const refusal = await refused();
    if (refusal) return warnOnce(`there are no session reports: ${refusal.message}`);
    await recoverDeadJobs();
    await send();
    await clean().catch((error: Error) => warnOnce(`old reports stay in ${folder}: ${error.message}`));
  };
  const run = async () => {
    // Nobody awaits this, so it must not reject.
    await runTasks().catch((error: Error) =>
      warnOnce(`reports in ${folder} are not maintained: ${error.message}`),
    );
    warnedBefore = warnedNow;
    warnedNow = new Set();
    if (closed) return;
    timer = setTimeout(() => void run(), Math.min(longestPause, interval * 2 ** Math.min(failures, 10)));
    timer.unref();
  };
  void run();
  return () => {
    closed = true;
    clearTimeout(timer);
  };
}

export interface Retention {
  /** Age at which a report is removed, in milliseconds. @default never */
  maxAge?: number;
  /** Bytes that reports and recordings together may take before the oldest are removed. @default any number */
  maxBytes?: number;
}

/** The files of one session. */
interface Kept {
  names: string[];
  bytes: number;
  /** When the last of them was written, in milliseconds since the epoch. */
  at: number;
}

/** Age at which a partial file that was not written to counts as abandoned, in milliseconds. */
const abandoned = 3_600_000;

/**
 * Removes reports with their recordings from a folder: expired ones, then the oldest until the size limit is met; and
 * partial files of interrupted writes. It only touches regular files with names of reports.
 *
 * @param now milliseconds since the epoch
 * @returns how many reports were removed, and why
 * @throws if the folder cannot be read
 */
export async function applyRetention(
  folder: string,
  { maxAge = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY }: Retention,
  now: number,
): Promise<{ age: number; size: number }> {
  await sweep(folder, isPartialFile, now - abandoned);
  // Journals that could never be read.
  await sweep(folder, (name) => journalStem(name) !== undefined, now - Math.max(maxAge, abandoned));
  const oldestFirst = [...(await reportsIn(folder))].sort((a, b) => a.at - b.at);
  let bytes = oldestFirst.reduce((sum, report) => sum + report.bytes, 0);
  const removed = { age: 0, size: 0 };
  for (const report of oldestFirst) {
    const old = now - report.at > maxAge;
    if (!old && bytes <= maxBytes) continue;
    for (const name of report.names) await unlink(join(folder, name)).catch(gone);
    bytes -= report.bytes;
    removed[old ? 'age' : 'size'] += 1;
  }
  return removed;
}

/** Removes files last written before `before`, in milliseconds since the epoch. */
async function sweep(folder: string, which: (name: string) => boolean, before: number): Promise<void> {
  for (const name of (await readdir(folder).catch(none)).filter(which)) {
    const stats = await lstat(join(folder, name)).catch(gone);
    if (!stats?.isFile() || stats.mtimeMs >= before) continue;
    await unlink(join(folder, name)).catch(gone);
  }
}

async function reportsIn(folder: string): Promise<Iterable<Kept>> {
  const found = new Map<string, Kept>();
  for (const name of (await readdir(folder).catch(none)).filter(isReportFile)) {
    const stats = await lstat(join(folder, name)).catch(gone);
    if (!stats?.isFile()) continue;
    const stem = name.slice(0, name.lastIndexOf('.'));
    const known = found.get(stem) ?? { names: [], bytes: 0, at: 0 };
    found.set(stem, {
      names: [...known.names, name],
      bytes: known.bytes + stats.size,
      at: Math.max(known.at, stats.mtimeMs),
    });
  }
  return found.values();
}

/** Another worker may maintain the same folder. */
const gone = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
};

/** A folder that is not there yet. */
const none = (error: NodeJS.ErrnoException): string[] => {
  if (error.code === 'ENOENT') return [];
  throw error;
};
