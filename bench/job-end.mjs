import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../test/stack/servers.mjs';
import { median } from './measure.mjs';
import { atMost, ms } from './report.mjs';

const pair = { key: 'bench', secret: 'a secret of at least thirty-two characters' };
/** Jobs in each way. */
const rounds = 3;
const job = { turns: 3 };
const away = `http://127.0.0.1:${await freePort()}`;
const processOf = (name) => new URL(`./processes/${name}.mjs`, import.meta.url);

/** What may be in the way of an upload, as options of the gateway. */
const obstacles = {
  'all is well': {},
  'its disk is full': { minFreeBytes: Number.MAX_SAFE_INTEGER },
  'its backends are away': { forward: { tempo: away, loki: away, prometheus: away } },
  'the key is unknown': { keys: { pair: { key: 'another', secret: 'x'.repeat(32) } } },
  'the key uploads too often': { limits: { perMinute: 1 } },
  'uploads are cut': { limits: { graceSeconds: 0.001, minRate: 1e12 } },
};

/** How long a job takes to end, from its shutdown to the exit of its process, whatever becomes of its uploads. */
export async function jobEnd(children) {
  const options = (more) => [
    JSON.stringify({
      keys: { pair },
      port: 0,
      directory: mkdtempSync(join(tmpdir(), 'gateway-')),
      ...more,
    }),
  ];
  const workerFor = (url) =>
    children.start(processOf('uploading-worker'), [url, pair.key, pair.secret], { stdio: 'inherit' });

  const ends = {};
  const measure = async (name, worker, what = job) => {
    ends[name] = [];
    for (let round = 0; round < rounds; round += 1) ends[name].push(await worker.ask('run', what));
  };
  for (const [name, hindrance] of Object.entries(obstacles)) {
    const gateway = children.start(processOf('hindered-gateway'), options(hindrance));
    const worker = workerFor(await gateway.ask('url'));
    if (name === 'all is well') await measure('nothing is uploaded', worker, { ...job, record: false });
    await measure(name, worker);
    await children.stop();
  }

  ends['killed in an upload, and restarted'] = await restarted(children, options, workerFor);
  await children.stop();
  await measure('the gateway is away', workerFor(away));

  const off = median(ends['nothing is uploaded']);
  const rows = Object.entries(ends).map(([name, took]) => [
    name,
    ms(Math.min(...took)),
    ms(Math.max(...took)),
    `${(median(took) / off).toFixed(2)} ×`,
  ]);
  const longest = (name) => Math.max(...ends[name]);
  return {
    columns: ['', 'shortest', 'longest', 'median ÷ nothing is uploaded'],
    rows,
    notes: [],
    goals: [
      // What the SDK waits for at most, when a receiver does not answer as it should, is 8 s and more, up to 15 min.
      ...Object.keys(obstacles).map((name) => atMost(`the end of a job, ${name}`, longest(name), 5000, ms)),
      atMost(
        'the end of a job, the gateway dies in its upload',
        longest('killed in an upload, and restarted'),
        12_000,
        ms,
      ),
      atMost('the end of a job, the gateway is away', longest('the gateway is away'), 12_000, ms),
    ],
    checks: [],
  };
}

/** A gateway that dies when the recording begins to come, and is started again at once, at the same address. */
async function restarted(children, options, workerFor) {
  const took = [];
  for (let round = 0; round < rounds; round += 1) {
    const [first] = options({ dies: true });
    const gateway = children.start(processOf('hindered-gateway'), [first]);
    const url = await gateway.ask('url');
    const worker = workerFor(url);
    const end = worker.ask('run', job);
    await gateway.exited;
    const { dies, ...again } = JSON.parse(first);
    await children
      .start(processOf('hindered-gateway'), [JSON.stringify({ ...again, port: Number(new URL(url).port) })])
      .ask('url');
    took.push(await end);
    await children.stop();
  }
  return took;
}
