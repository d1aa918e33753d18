// A small fleet's samples in a real Prometheus, to compare what it counts with what the model says, and what rules cost it.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { find, startPrometheus } from '../../test/stack/servers.mjs';
import { only, scrapedSeries } from './fleet.mjs';
import { modelOf, total } from './model.mjs';
import { seconds } from './plan.mjs';

const run = promisify(execFile);

/** A fleet of which a real Prometheus holds all samples in a minute. */
export const smallFleet = {
  workers: 4,
  agents: 2,
  versions: 1,
  models: 1,
  open: { tool: 2, metric: 2, type: 1, label: 1 },
  nodes: 1,
  gateways: 1,
  others: 2,
  alerts: 2,
  scrape: 15,
};

/** A fleet that a real Prometheus scrapes while its rules are measured. */
export const scrapedFleet = {
  workers: 20,
  agents: 2,
  versions: 2,
  models: 2,
  open: { tool: 5, metric: 5, type: 2, label: 1 },
  nodes: 1,
  gateways: 1,
  others: 0,
  alerts: 2,
  scrape: 15,
};
/** Seconds until windows of five minutes are full, and those that are measured then: three evaluations of most rules. */
const filling = 360;
const measuring = 180;

/**
 * What rules cost: two Prometheus scrape the same fleet for nine minutes, and one of them has the rules.
 *
 * @param files paths of rule files
 * @returns processor time of the rules per minute, in seconds, and for both what Prometheus holds
 */
export async function costOfRules(specs, files, fleet) {
  const server = await serveFleet(specs, fleet);
  const started = [];
  try {
    for (const rule_files of [[], files]) {
      started.push(await startPrometheus({ config: { ...server.config, rule_files } }));
    }
    await sleep(1000 * filling);
    const before = await Promise.all(started.map(({ url }) => itsOwn(url)));
    await sleep(1000 * measuring);
    const after = await Promise.all(started.map(({ url }) => itsOwn(url)));
    const [without, withRules] = after.map(({ cpu }, nth) => ((cpu - before[nth].cpu) / measuring) * 60);
    const { version } = (await (await fetch(`${started[1].url}/api/v1/status/buildinfo`)).json()).data;
    return { version, cpu: { without, rules: withRules - without }, without: after[0], withRules: after[1] };
  } finally {
    for (const prometheus of started) await prometheus.stop();
    server.close();
  }
}

/** Serves what each target of a fleet exposes, each value a second's count; and how Prometheus scrapes it and itself. */
async function serveFleet(specs, fleet) {
  const targets = new Map();
  for (const [name, series] of scrapedSeries(specs, fleet)) {
    // Prometheus adds these to each scrape, and exposes some about itself.
    if (/^(?:up|scrape_.*)$/.test(name) || series.of === 'prometheus') continue;
    for (const { instance, job, ...labels } of labelSets(series, fleet)) {
      const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      targets.set(instance, [...(targets.get(instance) ?? []), `${name}{${pairs.join(',')}}`]);
    }
  }
  const begun = Date.now();
  const server = createServer(({ url }, response) => {
    const end = ` ${Math.floor((Date.now() - begun) / 1000) + 1}\n`;
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.end(`${targets.get(url.slice(1)).join(end)}${end}`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${server.address().port}`;
  return {
    config: {
      global: { scrape_interval: `${fleet.scrape}s`, evaluation_interval: `${fleet.scrape}s` },
      scrape_configs: [
        {
          job_name: 'voice',
          static_configs: [...targets.keys()].map((instance) => ({
            targets: [address],
            labels: { instance, __metrics_path__: `/${instance}` },
          })),
        },
      ],
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What Prometheus says of itself. */
async function itsOwn(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sum = (name) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  return {
    cpu: sum('process_cpu_seconds_total'),
    memory: sum('process_resident_memory_bytes'),
    series: sum('prometheus_tsdb_head_series'),
    failures: sum('prometheus_rule_evaluation_failures_total'),
    evaluations: sum('prometheus_rule_evaluations_total'),
    missed: sum('prometheus_rule_group_iterations_missed_total'),
  };
}

/** What a real Prometheus counts for each board, and what the model says. */
export async function compared(specs, { boards, groups }, range) {
  const { known, samplesOf } = modelOf(specs, groups, smallFleet);
  const asked = boards.map(({ name, board }) => ({ name, queries: samplesOf(board, range) }));
  const times = { range, end: Math.floor(Date.now() / 1000 / 86_400) * 86_400 };
  const prometheus = await startWithSamples(
    known,
    smallFleet,
    asked.flatMap(({ queries }) => queries),
    times,
  );
  try {
    const found = [];
    for (const { name, queries } of asked) {
      let counted = 0;
      for (const query of queries) counted += await countedSamples(prometheus.url, query, times);
      const modelled = total(queries);
      found.push({ name, range, counted, modelled, off: Math.abs(modelled / counted - 1) });
    }
    return found;
  } finally {
    await prometheus.stop();
  }
}

/** @param queries what will be asked, see `queriesOf`; only series that they name are written */
async function startWithSamples(known, fleet, queries, { end, range }) {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-samples-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const file = join(folder, 'samples.om');
    const asked = stretchesOf(known, queries, range);
    const lines = function* () {
      for (const [name, stretches] of asked) {
        for (const { from, to } of stretches) {
          yield* samples(name, known.get(name), fleet, { from: end - range - from, to: end - to });
        }
      }
      yield '# EOF\n';
    };
    await pipeline(Readable.from(lines()), createWriteStream(file));
    // A single block: promtool reads the whole file for each.
    await run(find('promtool'), [
      ...['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', '--max-block-duration=2160h'],
      ...[file, folder],
    ]);
    rmSync(file);
    const prometheus = await startPrometheus({ config: {}, storage: folder, retention: '10y' });
    return {
      url: prometheus.url,
      async stop() {
        await prometheus.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Samples that Prometheus says a query took. @throws {Error} with its own words if it refuses the query */
async function countedSamples(url, { expr, step }, { end, range }) {
  const times = step
    ? { start: Math.floor((end - range) / step) * step, end: Math.floor(end / step) * step, step }
    : { time: end };
  const response = await fetch(`${url}/api/v1/${step ? 'query_range' : 'query'}`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr, stats: 'all', ...times }),
  });
  const { error, data } = await response.json();
  if (error) throw new Error(`${error}: ${expr}`);
  return data.stats.samples.totalQueryableSamples;
}

/** The series that queries name, and of which stretches of time, in seconds before the beginning and the end of the range. */
function stretchesOf(known, queries, range) {
  const found = new Map();
  for (const { expr } of queries) {
    // Exemplars are asked for at times at which there is nothing to be read.
    if (/offset -/.test(expr)) continue;
    const windows = [...expr.matchAll(/\[(\w+)(?::\w+)?\]/g)].map(([, window]) => seconds(window));
    const offsets = [0, ...[...expr.matchAll(/offset (\d\w*)/g)].map(([, offset]) => seconds(offset))];
    for (const name of expr.match(/[a-zA-Z_][\w:]*/g) ?? []) {
      if (!known.has(name)) continue;
      for (const to of offsets) {
        const stretches = found.get(name) ?? found.set(name, new Map()).get(name);
        stretches.set(to, Math.max(stretches.get(to) ?? 0, ...windows, 300) + 300);
      }
    }
  }
  return [...found].map(([name, stretches]) => [name, joined([...stretches], range)]);
}

/** The oldest first; stretches that overlap are one, for no sample may be written twice. */
function joined(stretches, range) {
  const found = [];
  for (const [to, before] of stretches.toSorted(([one], [other]) => one - other)) {
    const last = found.at(-1);
    if (last && to <= last.from + range) last.from = Math.max(last.from, to + before);
    else found.push({ from: to + before, to });
  }
  return found.reverse();
}

/** Values that never fall, at moments that differ from series to series, as those of scrapes and rules do. */
function* samples(name, series, fleet, { from, to }) {
  const sets = [...labelSets(series, fleet)];
  for (const [nth, labels] of sets.entries()) {
    const phase = (0.37 + 0.618 * nth + 0.41 * (name.length % 7)) % 1;
    const selector = `${name}{${Object.entries(labels)
      .map(([label, value]) => `${label}="${value}"`)
      .join(',')}}`;
    let text = '';
    const first = (Math.floor(from / series.every) + phase) * series.every;
    for (let at = first, value = 1; at <= to; at += series.every, value++) {
      text += `${selector} ${value} ${at.toFixed(3)}\n`;
    }
    yield text;
  }
}

/** Every set of labels that a series has. */
function* labelSets(series, fleet) {
  const models = Array.from({ length: fleet.models }, (_, nth) => ({
    model_provider: `provider-${nth}`,
    model_name: `model-${nth}`,
  }));
  const kept = (labels) =>
    Object.fromEntries(Object.entries(labels).filter(([label]) => series.has.has(label)));
  const unique = (sets) => [...new Map(sets.map((set) => [JSON.stringify(set), set])).values()];
  const whose = unique(identities(series, fleet).map(kept));
  const of = unique(models.map(kept));
  const own = [...only(series, [...series.listed.keys()]).listed].reduce(
    (sets, [label, values]) =>
      sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value.replace('\u0000', 'any-') }))),
    [{}],
  );
  for (const one of whose)
    for (const model of of) for (const labels of own) yield { ...one, ...model, ...labels };
}

function identities({ of }, { workers, agents, versions, nodes, gateways, others }) {
  const job = 'voice';
  const targets = (kind, length) =>
    Array.from({ length }, (_, nth) => ({ job, instance: `${kind}-${nth}`, node_id: `${kind}-${nth}` }));
  const ofWorkers = targets('worker', workers).map((target, nth) => ({
    ...target,
    nodename: target.instance,
    agent_name: `agent-${nth % agents}`,
    agent_version: `agent-${nth % agents}-${Math.floor(nth / agents) % versions}`,
  }));
  if (of === 'worker') return ofWorkers;
  if (of === 'node') return targets('node', nodes);
  if (of === 'gateway') return targets('gateway', gateways);
  if (of !== 'target') return [{ job }];
  return [
    ...ofWorkers,
    ...targets('node', nodes),
    ...targets('gateway', gateways),
    ...targets('other', others),
  ];
}
