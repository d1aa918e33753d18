// Builds Prometheus' storage with the past of a simulated fleet and what the recording rules make of it:
// `node test/stack/history/build.mjs DIRECTORY [DAYS] [WORKERS]`, after `npm run build`. Prints its end, in unix seconds.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { createHistory, writeBlocks } from '../../../build/simulate/history/history.js';
import { find, startPrometheus } from '../servers.mjs';

const run = promisify(execFile);
const rules = parse(
  readFileSync(join(import.meta.dirname, '../../../prometheus/rules/talkgauge.yml'), 'utf8'),
).groups;

/** The budget of 30 days needs more past than there is. */
const needsMorePast = /_30d$/;

/**
 * Rules are evaluated as often as in production, since some add up what others recorded. A median of seven days takes long and
 * moves slowly, and what only boards read takes long: at four minutes a series has no gaps yet, which come at five.
 */
const intervalOf = ({ record }, { name, interval }) =>
  record.endsWith(':median_7d') || name === 'talkgauge-boards' ? '240s' : interval;

/** Names of series that an expression asks for. */
const named = (expr) => expr.match(/\b(?:[a-z]+:)?(?:lk_agents|talkgauge|v8js|nodejs)_[a-z0-9_:]+/g) ?? [];

/** The rules whose series there are, sooner or later. */
function possible(present) {
  const left = rules
    .flatMap((group) => group.rules.map((rule) => ({ ...rule, interval: intervalOf(rule, group) })))
    .filter(({ record }) => !needsMorePast.test(record));
  const known = new Set(present);
  const found = [];
  for (;;) {
    const at = left.findIndex(({ expr }) => named(expr).every((name) => known.has(name)));
    if (at < 0) return found;
    const [rule] = left.splice(at, 1);
    known.add(rule.record);
    found.push(rule);
  }
}

/** These rules in passes: each comes after all those that record what it reads. */
function passes(present) {
  let left = possible(present);
  const found = [];
  while (left.length > 0) {
    const waiting = new Set(left.map(({ record }) => record));
    const next = left.filter(({ expr }) => named(expr).every((name) => !waiting.has(name)));
    if (next.length === 0) throw new Error(`these rules read each other: ${[...waiting].join(', ')}`);
    found.push(next);
    left = left.filter((rule) => !next.includes(rule));
  }
  return found;
}

/** A pass as rule files of about the same work, one for each core; rules of one interval each. */
function files(pass, directory) {
  const intervals = [...new Set(pass.map(({ interval }) => interval))];
  return intervals.flatMap((interval) =>
    [0, 1].flatMap((half) => {
      const of = pass.filter((rule) => rule.interval === interval).filter((_, index) => index % 2 === half);
      if (of.length === 0) return [];
      const file = join(directory, `${interval}-${half}.yml`);
      // A group each: promtool evaluates the rules of a group for each stretch of time in turn.
      const groups = of.map(({ interval: _, ...rule }, nth) => ({ name: `rule-${nth}`, rules: [rule] }));
      writeFileSync(file, stringify({ groups }));
      return [{ file, interval }];
    }),
  );
}

async function record(pass, { start, end }, storage, scratch) {
  const prometheus = await startPrometheus({ storage, config: {}, retention: '90d' });
  try {
    await Promise.all(
      files(pass, scratch).map(({ file, interval }, index) =>
        run(
          find('promtool'),
          [
            // Long blocks: promtool makes one for each rule and stretch of time, and thousands would be too many to open.
            ...['tsdb', 'create-blocks-from', 'rules', '--max-block-duration=54h', `--url=${prometheus.url}`],
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
  for (const folder of readdirSync(scratch).filter((name) => name.startsWith('blocks-'))) {
    const made = join(scratch, folder);
    for (const block of readdirSync(made)) renameSync(join(made, block), join(storage, block));
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
for (const folder of [storage, scratch]) mkdirSync(folder, { recursive: true });
const startedAt = performance.now();
const say = (what) => console.error(`${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${what}`);
const history = createHistory({
  end: Math.floor(Date.now() / 120_000) * 120,
  days: Number(days),
  workers: Number(workers),
});
await writeBlocks(history, storage, find('promtool'));
say('raw series');
for (const [index, pass] of passes(history.metrics).entries()) {
  await record(pass, history, storage, scratch);
  say(`pass ${index + 1}: ${pass.length} recorded series`);
}
rmSync(scratch, { recursive: true });
const built = JSON.stringify({ storage, start: history.start, end: history.end });
writeFileSync(join(directory, 'built.json'), built);
console.log(built);
