import { Agent, get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { parse } from './exposition.mjs';
import { alternate, median, until } from './measure.mjs';
import { atLeast, atMost, ms } from './report.mjs';

const jobs = 50;
const rounds = 40;
const warmUps = 20;
const url = (name) => new URL(`./processes/${name}.mjs`, import.meta.url);
const formats = {
  text: { accept: 'text/plain' },
  'OpenMetrics, gzip': {
    accept: 'application/openmetrics-text;version=1.0.0',
    'accept-encoding': 'gzip',
  },
};

/** What a scrape takes: whether it depends on the number of jobs, beside prom-client's own way with processes. */
export async function scrape(children) {
  const agent = new Agent({ keepAlive: true });
  try {
    const ours = await scrapeRelay(children, agent);
    await children.stop();
    const theirs = await scrapeCluster(children);
    return report(ours, theirs);
  } finally {
    agent.destroy();
  }
}

async function scrapeRelay(children, agent) {
  const one = await startWorker(children, 1);
  const many = await startWorker(children, jobs);
  const results = {};
  for (const [format, headers] of Object.entries(formats)) {
    const measures = {
      one: () => timedGet(one.url, headers, agent),
      many: () => timedGet(many.url, headers, agent),
    };
    results[format] = await alternate(rounds, measures, warmUps);
  }
  const series = parse((await timedGet(many.url, formats.text, agent)).body.toString()).size;
  many.jobs[0].signal('SIGSTOP');
  const stopped = await alternate(rounds, { many: () => timedGet(many.url, formats.text, agent) });
  many.jobs[0].signal('SIGCONT');
  const body = gunzipSync(results['OpenMetrics, gzip'].many.at(-1).body).toString();
  return { results, stopped: times(stopped.many), series, complete: body.endsWith('# EOF\n') };
}

async function startWorker(children, count) {
  const worker = children.start(url('worker'));
  const { socket, url: metrics } = await worker.ask('addresses');
  const started = Array.from({ length: count }, (_, seed) => children.start(url('job'), [socket, seed]));
  await Promise.all(started.map((job) => job.ask('flush')));
  await until(async () => (await worker.ask('connections')) === count, 60_000);
  return { worker, url: metrics, jobs: started };
}

/** A GET of which the body was read: how long it took in milliseconds, and what came. */
function timedGet(address, headers, agent) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    get(address, { headers, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ ms: performance.now() - start, body: Buffer.concat(chunks) }));
    }).on('error', reject);
  });
}

async function scrapeCluster(children) {
  const primary = children.start(url('cluster'), [jobs]);
  await until(async () => (await primary.ask('online')) === jobs, 60_000);
  const { scrapes } = await alternate(rounds, { scrapes: () => primary.ask('scrape') }, warmUps);
  await primary.ask('stopOne');
  const stopped = await primary.ask('scrape');
  await children.stop();
  return { times: times(scrapes), series: parse(scrapes.at(-1).exposition).size, stopped };
}

const times = (results) => results.map((result) => result.ms);

function report({ results, stopped, series, complete }, theirs) {
  const text = { one: median(times(results.text.one)), many: median(times(results.text.many)) };
  const rows = Object.entries(results).map(([format, { one, many }]) => [
    format,
    ms(median(times(one))),
    ms(median(times(many))),
    '',
  ]);
  rows[0][3] = ms(median(theirs.times));
  const outcome = theirs.stopped.failed ? `fails after ${ms(theirs.stopped.ms)}` : ms(theirs.stopped.ms);
  rows.push(['text, one job stopped', '', ms(median(stopped)), outcome]);
  return {
    columns: ['a scrape', '1 job', `${jobs} jobs`, `AggregatorRegistry, ${jobs} workers`],
    rows,
    notes: [`${series} samples in the exposition here, ${theirs.series} in each worker there`],
    goals: [
      ...Object.entries(results).map(([format, { one, many }]) =>
        atMost(`a scrape (${format}), ${jobs} jobs ÷ 1 job`, median(times(many)) / median(times(one)), 1.2),
      ),
      atLeast('a scrape, AggregatorRegistry ÷ Talkgauge', median(theirs.times) / text.many, 10),
      atMost('a scrape, one of 50 jobs stopped ÷ none', median(stopped) / text.many, 1.2),
    ],
    checks: [
      ['the exposition is complete', complete],
      ['AggregatorRegistry fails while a worker is stopped', theirs.stopped.failed !== undefined],
    ],
  };
}
