import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alternate, median } from './measure.mjs';
import { atMost, megabytes, micro, ms } from './report.mjs';

const rounds = 14;
/** Turns in a round; each is a question, a tool call and an answer. */
const turns = 50;
/** Turns of a call as there are many, and of a long one. */
const [usualCall, longCall] = [20, 2000];
const deadline = 1000;
const url = (name) => new URL(`./processes/${name}.mjs`, import.meta.url);
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(0)} kB`;

/** What session reports cost a job: with a folder for them against without one. */
export async function reportCost(children) {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-bench-reports-'));
  try {
    return await measured(children, folder);
  } finally {
    await children.stop();
    rmSync(folder, { recursive: true });
  }
}

async function measured(children, folder) {
  const store = children.start(url('backend'));
  const bucket = {
    TALKGAUGE_REPORTS: 's3://bench/reports',
    TALKGAUGE_REPORTS_SPOOL: join(folder, 'spool'),
    AWS_ENDPOINT_URL: await store.ask('url'),
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  };
  const job = (env) =>
    children.start(url('session-job'), [], {
      execArgv: ['--expose-gc'],
      // What it says on the console of a disk or a bucket that hangs is what it should.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...env, TALKGAUGE_REPORTS_DEADLINE_MS: String(deadline) },
    });
  const to = (name) => ({ TALKGAUGE_REPORTS: join(folder, name) });
  const [on, off] = [job(to('long')), job()];
  const before = { on: await on.ask('memory'), off: await off.ask('memory') };
  const costs = await alternate(rounds, {
    off: () => off.ask('turns', turns),
    on: () => on.ask('turns', turns),
  });
  await Promise.all([on.ask('turns', longCall), off.ask('turns', longCall)]);
  const after = { on: await on.ask('memory'), off: await off.ask('memory') };
  const grown = (way) => after[way].heapUsed - before[way].heapUsed;
  const long = { off: await off.ask('end'), on: await on.ask('end') };

  /** How long the end of a job takes that has had a usual call. */
  const endOf = async (env, prepare = () => {}) => {
    const one = job(env);
    await one.ask('turns', usualCall);
    await prepare(one);
    const took = await one.ask('end');
    await one.stop();
    return took;
  };
  const ends = await alternate(
    3,
    { off: () => endOf(), folder: () => endOf(to('usual')), bucket: () => endOf(bucket) },
    0,
  );
  const slow = { folder: await endOf(to('hanging'), (one) => one.ask('hangDisk')) };
  const sent = await store.ask('received');
  await store.ask('hang', true);
  slow.bucket = await endOf(bucket);

  const written = (name) => documents(join(folder, name));
  const cpu = (way) => micro(median(costs[way].map((cost) => cost.cpu)));
  const shares = costs.on.map(({ cpu }, round) => cpu / costs.off[round].cpu);
  const all = (rounds + 1) * turns + longCall;
  return {
    columns: ['', 'with reports', 'without'],
    rows: [
      ['CPU per turn', cpu('on'), cpu('off')],
      [`heap, grown by ${all} turns`, megabytes(grown('on')), megabytes(grown('off'))],
      ['RSS after them', megabytes(after.on.rss), megabytes(after.off.rss)],
      [`report of a call of ${usualCall} turns`, kilobytes(median(written('usual'))), ''],
      [`    of ${all} turns`, kilobytes(median(written('long'))), ''],
      [`end of a job, ${usualCall} turns`, ms(median(ends.folder)), ms(median(ends.off))],
      [`    ${all} turns`, ms(long.on), ms(long.off)],
      ['    to a bucket', ms(median(ends.bucket)), ''],
      [`    the disk hangs (deadline ${ms(deadline)})`, ms(slow.folder), ''],
      ['    the bucket hangs', ms(slow.bucket), ''],
    ],
    notes: [],
    goals: [
      atMost('session reports: CPU of a turn ÷ without', median(shares), 1.25),
      atMost(
        'session reports: heap that a long call adds',
        grown('on') - grown('off'),
        64 * 2 ** 20,
        megabytes,
      ),
      atMost('end of a job with a report, in a folder', median(ends.folder), 250, ms),
      atMost('end of a job with a report, in a bucket', median(ends.bucket), 250, ms),
      atMost(
        'end of a job beyond its deadline, the disk hanging',
        Math.max(0, slow.folder - deadline),
        100,
        ms,
      ),
      atMost(
        'end of a job beyond its deadline, the bucket hanging',
        Math.max(0, slow.bucket - deadline),
        100,
        ms,
      ),
    ],
    checks: [
      ['each job has written its report', written('usual').length === 3 && written('long').length === 1],
      ['each report is in the bucket', sent.requests === 3 && written('spool').length === 1],
      ['the disk that hangs has none', written('hanging').length === 0],
    ],
  };
}

/** The sizes of the reports in a folder, in bytes. */
const documents = (folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => statSync(join(folder, name)).size);
