// Builds Prometheus' storage with the past of a simulated fleet and what the recording rules make of it:
// `node test/stack/history/build.mjs DIRECTORY [DAYS] [WORKERS]`, after `npm run build`. Prints its end, in unix seconds.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { writeBlocks } from '../../../dist/simulate/history/blocks.js';
import { createHistory } from '../../../dist/simulate/history/history.js';
import { find, startPrometheus } from '../servers.mjs';

const run = promisify(execFile);
const rules = parse(
  readFileSync(join(import.meta.dirname, '../../../prometheus/rules/earshot.yml'), 'utf8'),
).groups;

/** What is recorded from what was recorded before it, so one after the other; the budget of 30 days needs more past than there is. */
const passes = [/^earshot-rates-/, /^earshot-(slo|slo-days|measures|versions)$/, /^earshot-baselines$/];
const needsMorePast = /_30d$/;

/** Names of series that an expression asks for. */
const named = (expr) => expr.match(/\b(?:[a-z]+:)?lk_agents_[a-z0-9_:]+/g) ?? [];

/** What rules promtool is to evaluate, as rule files of about the same work, one for each core. */
function files(pass, present, directory) {
  const wanted = rules
    .filter(({ name }) => pass.test(name))
    .flatMap((group) => group.rules.map((rule) => ({ ...rule, interval: group.interval })))
    .filter(
      ({ record, expr }) => !needsMorePast.test(record) && named(expr).every((name) => present.has(name)),
    );
  const halves = [0, 1].map((half) => wanted.filter((_, index) => index % 2 === half));
  return halves
    .filter((half) => half.length > 0)
    .map((half, index) => {
      const file = join(directory, `pass-${index}.yml`);
      // A group each: promtool evaluates the rules of a group for each stretch of time in turn.
      const groups = half.map(({ interval: _, ...rule }, nth) => ({ name: `rule-${nth}`, rules: [rule] }));
      writeFileSync(file, stringify({ groups }));
      return { file, interval: half[0].interval };
    });
}

async function record(pass, { start, end }, storage, scratch) {
  const prometheus = await startPrometheus({ storage, config: {}, retention: '90d' });
  try {
    const { data } = await (await fetch(`${prometheus.url}/api/v1/label/__name__/values`)).json();
    await Promise.all(
      files(pass, new Set(data), scratch).map(({ file, interval }, index) =>
        run(
          find('promtool'),
          [
            ...['tsdb', 'create-blocks-from', 'rules', `--url=${prometheus.url}`],
            ...[`--start=${start}`, `--end=${end}`, `--eval-interval=${interval}`],
            ...[`--output-dir=${join(scratch, `blocks-${index}`)}`, file],
          ],
          { maxBuffer: 64 << 20 },
        ),
      ),
    );
  } finally {
    await prometheus.stop();
  }
  for (const index of [0, 1]) {
    const made = join(scratch, `blocks-${index}`);
    cpSync(made, storage, { recursive: true, force: true, errorOnExist: false });
    rmSync(made, { recursive: true, force: true });
  }
}

const [directory, days = '30', workers = '50'] = process.argv.slice(2);
if (!directory) {
  console.error(
    'Give the directory to build in: node test/stack/history/build.mjs DIRECTORY [DAYS] [WORKERS]',
  );
  process.exit(2);
}
const storage = join(directory, 'storage');
const scratch = join(directory, 'scratch');
for (const folder of [storage, scratch, join(scratch, 'blocks-0'), join(scratch, 'blocks-1')]) {
  mkdirSync(folder, { recursive: true });
}
const startedAt = performance.now();
const say = (what) => console.error(`${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${what}`);
const history = createHistory({
  end: Math.floor(Date.now() / 120_000) * 120,
  days: Number(days),
  workers: Number(workers),
});
await writeBlocks(history, storage, find('promtool'));
say('raw series');
for (const pass of passes) {
  for (const index of [0, 1]) mkdirSync(join(scratch, `blocks-${index}`), { recursive: true });
  await record(pass, history, storage, scratch);
  say(`recorded ${pass.source}`);
}
rmSync(scratch, { recursive: true });
const built = JSON.stringify({ storage, start: history.start, end: history.end });
writeFileSync(join(directory, 'built.json'), built);
console.log(built);
