import { basename } from 'node:path';
import { type Observation, observation } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';
import { checkFolder, FolderRefused } from './folder.ts';
import { type Recover, type Recovered, recoverReports } from './recovery.ts';
import { Outbox, urlIn } from './report-sender.ts';
import { retain } from './retention.ts';
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
