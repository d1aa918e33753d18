import { lstat, readdir, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Observation, observation } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';
import { checkFolder, FolderRefused, isOurs, isPart, journalStem } from './folder.ts';
import { type Recover, type Recovered, recoverReports } from './journal.ts';
import { Outbox, urlIn } from './report-sender.ts';
import type { ReportSettings } from './settings.ts';

export interface UpkeepOptions {
  settings: ReportSettings;
  sink(observation: Observation, about?: Identity): void;
  /** Makes the report of a job that has died. */
  recover: Recover;
  /** Called once for each of these, with its path, or its place in the bucket. */
  onRecovered?(recovered: Recovered, location: string): void;
  /** Takes warnings, one line each. */
  log(message: string): void;
  /** How often the folder is looked through, in milliseconds. @default 10000 */
  interval?: number;
}

/** How often old reports are looked for, in milliseconds. */
const retentionInterval = 600_000;
/** The longest pause after a bucket has failed, in milliseconds. */
const longestPause = 300_000;

/** What the worker does for the reports of its jobs: sends them on to their bucket, and removes the old. Returns the end of it. */
export function keepReports({
  settings,
  sink,
  recover,
  onRecovered,
  log,
  interval = 10_000,
}: UpkeepOptions): () => void {
  const { folder, bucket, deadlineMs, maxAge, maxBytes } = settings;
  const outbox = bucket && new Outbox(folder, bucket);
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  let retainedAt = Number.NEGATIVE_INFINITY;
  /** What the last pass said, and this one does: what stays wrong is not said every ten seconds. */
  let said = new Set<string>();
  let saying = new Set<string>();
  const sayOnce = (message: string) => {
    if (!said.has(message)) log(message);
    saying.add(message);
  };

  const send = async () => {
    if (!outbox || !bucket) return;
    // What is younger its job may be about to send.
    const { reports, failed } = await outbox.sendAll(Date.now() - deadlineMs);
    if (reports > 0) sink(observation('talkgauge_session_report_uploads_total', { result: 'ok' }, reports));
    if (!failed) {
      if (failures > 0) log(`reports reach ${urlIn(bucket, '')} again`);
      failures = 0;
      return;
    }
    sink(observation('talkgauge_session_report_uploads_total', { result: 'failed' }, 1));
    if (failures === 0) {
      log(`reports wait in ${folder}, for ${urlIn(bucket, '')} does not take them: ${failed.message}`);
    }
    failures += 1;
  };
  const clean = async () => {
    if (performance.now() - retainedAt < retentionInterval) return;
    retainedAt = performance.now();
    const removed = await retain(folder, { maxAge, maxBytes }, Date.now());
    for (const reason of ['age', 'size'] as const) {
      if (removed[reason] > 0) {
        sink(observation('talkgauge_session_reports_removed_total', { reason }, removed[reason]));
      }
    }
  };
  const finishForDead = async () => {
    const { written, failed } = await recoverReports(folder, recover, Date.now());
    if (failed) sayOnce(`the report of a job that died is not in ${folder} yet: ${failed.message}`);
    for (const { path, ...recovered } of written) {
      const { agentName, agentVersion } = recovered.report;
      const about = { agent_name: agentName, agent_version: agentVersion };
      sink(observation('talkgauge_session_reports_total', { outcome: 'recovered' }, 1), about);
      onRecovered?.(recovered, bucket ? urlIn(bucket, basename(path)) : path);
    }
  };
  /** A folder that is not there yet is nobody's. */
  const refused = () =>
    checkFolder(folder).then(
      () => undefined,
      (error: Error) => (error instanceof FolderRefused ? error : undefined),
    );
  const look = async () => {
    const refusal = await refused();
    if (refusal) return sayOnce(`there are no session reports: ${refusal.message}`);
    await finishForDead();
    await send();
    await clean().catch((error: Error) => sayOnce(`old reports stay in ${folder}: ${error.message}`));
  };
  const pass = async () => {
    // Nobody waits for this, so nothing may be thrown.
    await look().catch((error: Error) =>
      sayOnce(`reports in ${folder} are not looked after: ${error.message}`),
    );
    said = saying;
    saying = new Set();
    if (closed) return;
    timer = setTimeout(() => void pass(), Math.min(longestPause, interval * 2 ** Math.min(failures, 10)));
    timer.unref();
  };
  void pass();
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

/** Age at which a part of a file, to which nobody has written since, is not being written any more, in milliseconds. */
const abandoned = 3_600_000;

/**
 * Removes reports with their recordings from a folder: what is too old, then the oldest, until the rest has room; and what
 * was left when a process ended in the middle of writing one. It touches nothing but regular files whose names are those of reports.
 *
 * @param now milliseconds since the epoch
 * @returns how many reports were removed, and why
 * @throws if the folder cannot be read
 */
export async function retain(
  folder: string,
  { maxAge = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY }: Retention,
  now: number,
): Promise<{ age: number; size: number }> {
  await sweep(folder, isPart, now - abandoned);
  // Of a journal that never could be read.
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

/** Removes files to which nobody has written since `before`, in milliseconds since the epoch. */
async function sweep(folder: string, which: (name: string) => boolean, before: number): Promise<void> {
  for (const name of (await readdir(folder).catch(none)).filter(which)) {
    const stats = await lstat(join(folder, name)).catch(gone);
    if (!stats?.isFile() || stats.mtimeMs >= before) continue;
    await unlink(join(folder, name)).catch(gone);
  }
}

async function reportsIn(folder: string): Promise<Iterable<Kept>> {
  const found = new Map<string, Kept>();
  for (const name of (await readdir(folder).catch(none)).filter(isOurs)) {
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

/** Another worker may look after the same folder. */
const gone = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
};

/** A folder that is not there yet. */
const none = (error: NodeJS.ErrnoException): string[] => {
  if (error.code === 'ENOENT') return [];
  throw error;
};
