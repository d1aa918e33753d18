// Builds a Prometheus storage with the history of a simulated fleet and the series of the recording rules:
// `node test/stack/history/build.mjs DIRECTORY [DAYS] [WORKERS]`, after `npm run build`. Prints the end of the history, in unix seconds.
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

/** The budget of 30 days needs a longer history. */
const needsLongerHistory = /_30d$/;

/**
 * Rules are evaluated as often as in production, because some sum the results of others. Exceptions: a median of seven days is expensive and
 * changes slowly, and series for boards only are expensive. At an interval of four minutes, a series has no gaps yet; they begin at five.
 */
const intervalOf = ({ record }, { name, interval }) =>
  record.endsWith(':median_7d') || name === 'talkgauge-boards' ? '240s' : interval;

/** Names of the series in an expression. */
const named = (expr) => expr.match(/\b(?:[a-z]+:)?(?:lk_agents|talkgauge|v8js|nodejs)_[a-z0-9_:]+/g) ?? [];

/** The rules with available inputs, directly or from other rules. */
function possible(present) {
  const left = rules
    .flatMap((group) => group.rules.map((rule) => ({ ...rule, interval: intervalOf(rule, group) })))
    .filter(({ record }) => !needsLongerHistory.test(record));
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

/** Groups these rules into passes: a rule comes after all rules that record its inputs. */
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

/** Splits a pass into rule files of about equal cost, one per core. The rules of a group have the same interval. */
function files(pass, directory) {
  const intervals = [...new Set(pass.map(({ interval }) => interval))];
  return intervals.flatMap((interval) =>
    [0, 1].flatMap((half) => {
      const of = pass.filter((rule) => rule.interval === interval).filter((_, index) => index % 2 === half);
      if (of.length === 0) return [];
      const file = join(directory, `${interval}-${half}.yml`);
      // One group per rule: promtool evaluates the rules of a group in turn for each time range.
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
            // Long blocks: promtool writes one per rule and time range, and thousands would be too many to open.
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
const log = (what) => console.error(`${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${what}`);
const history = createHistory({
  end: Math.floor(Date.now() / 120_000) * 120,
  days: Number(days),
  workers: Number(workers),
});
await writeBlocks(history, storage, find('promtool'));
log('raw series');
for (const [index, pass] of passes(history.metrics).entries()) {
  await record(pass, history, storage, scratch);
  log(`pass ${index + 1}: ${pass.length} recorded series`);
}
rmSync(scratch, { recursive: true });
const built = JSON.stringify({ storage, start: history.start, end: history.end });
writeFileSync(join(directory, 'built.json'), built);
console.log(built);
