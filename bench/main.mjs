import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Children } from './children.mjs';
import { eventCost } from './event-cost.mjs';
import { uploads } from './gateway.mjs';
import { jobEnd } from './job-end.mjs';
import { underLoad } from './load.mjs';
import { overhead } from './overhead.mjs';
import { packageCost } from './package.mjs';
import { page } from './page.mjs';
import { queries } from './queries.mjs';
import { details, summary } from './report.mjs';
import { reportCost } from './reports.mjs';
import { samples } from './samples.mjs';
import { scrape } from './scrape.mjs';
import { sessionPage } from './session-page.mjs';
import { start } from './start.mjs';
import { telemetryCost } from './telemetry.mjs';

const benchmarks = {
  'event-cost': ['An SDK event in the job', eventCost],
  scrape: ['A scrape of the worker', scrape],
  load: ['Many jobs at once', underLoad],
  telemetry: ['Traces and logs of a job', telemetryCost],
  reports: ['Session reports of a job', reportCost],
  overhead: ['Memory under a flood of labels', overhead],
  gateway: ['Uploads to the gateway', uploads],
  'job-end': ['The end of a job that uploads to the gateway', jobEnd],
  start: ['A start of the gateway', start],
  page: ['The page, in a real Chromium', page],
  session: ['The page of a session, in a browser', sessionPage],
  package: ['What an agent installs and loads', packageCost],
  queries: ['Boards at 30 days, in a real Prometheus', queries],
  samples: ['Samples that boards ask Prometheus for', samples],
};
/** Those that take a server, a browser or minutes: they run when they are named. */
const onDemand = ['package', 'reports', 'job-end', 'start', 'page', 'session', 'queries', 'samples'];

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
const names = values.only ?? Object.keys(benchmarks).filter((name) => !onDemand.includes(name));
/** After how many milliseconds the whole run is given up. */
const deadline = (names.some((name) => onDemand.includes(name)) ? 45 : 8) * 60_000;
const unknown = names.find((name) => !Object.hasOwn(benchmarks, name));
if (unknown !== undefined) {
  console.error(`bench: --only ${unknown}: give one of ${Object.keys(benchmarks).join(', ')}`);
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), 'talkgauge-bench-'));
const children = new Children(directory);
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
  process.on(signal, () => end(code));
}
const timer = setTimeout(() => {
  console.error(
    `bench: not done after ${deadline / 60_000} minutes; try --only NAME on a machine that is idle`,
  );
  end(1);
}, deadline);

let ending = false;
async function end(code) {
  ending = true;
  await children.close();
  process.exit(code);
}

console.log(`Node.js ${process.versions.node}, ${availableParallelism()} cores, ${process.platform}`);
const goals = [];
let sound = true;
for (const name of names) {
  const [title, run] = benchmarks[name];
  try {
    const result = await run(children);
    console.log(details(title, result));
    goals.push(...result.goals);
    sound &&= result.checks.every(([, holds]) => holds);
  } catch (error) {
    if (ending) break; // the benchmark only misses the processes that are being ended
    console.error(`\n${title}: it could not be measured: ${error.stack}`);
    sound = false;
  }
  await children.stop();
}
clearTimeout(timer);
if (!ending) {
  if (goals.length > 0) console.log(`\n${summary(goals)}`);
  if (!sound) console.error('\nbench: something that must hold does not, see above');
  process.exitCode = sound ? 0 : 1;
}
