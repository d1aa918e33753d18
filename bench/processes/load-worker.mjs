import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { listenRelay } from '../../build/agent/relay/server.js';
import { catalogue } from '../../build/catalogue/metrics.js';
import { serveMetrics } from '../../build/http/metrics-server.js';
import { createRecorder } from '../../build/metrics/recorder.js';
import { answer, Children } from '../children.mjs';
import { readLedger } from '../ledger.mjs';
import { cpuTime, sleep, until } from '../measure.mjs';
import { Lags } from '../probe.mjs';

const registry = new Registry();
collectDefaultMetrics({ register: registry });
const recorder = createRecorder({ registry });
const lags = new Lags();
const relay = await listenRelay({ recorder: lags.watch(recorder) });
const http = await serveMetrics({ expose: recorder.expose, port: 0 });
const jobs = new Map();
const children = new Children(tmpdir());
const ledgerOf = (name) => join(tmpdir(), `ledger-${name}`);

/** Records what came with process.send straight into prom-client: no checks, no caps, no guards. */
const identity = { agent_name: 'load', agent_version: 'send' };
const metrics = new Map(Object.keys(catalogue).map((name) => [name, registry.getSingleMetric(name)]));
function receive({ samples }) {
  for (const { metric, labels, value } of samples) {
    const target = metrics.get(metric);
    const all = { ...identity, ...labels };
    if (catalogue[metric].type === 'histogram') target.observe({ labels: all, value });
    else target.inc(all, value);
    lags.added(metric, labels, value);
  }
}

/** Starts jobs. Those that will be killed record under a version of their own, and write their ledgers to files. */
async function start({ doomed, living }) {
  for (const name of [...doomed, ...living]) {
    const url = new URL('./load-job.mjs', import.meta.url);
    const extra = doomed.includes(name) ? [name, ledgerOf(name)] : ['relay'];
    const job = children.start(url, [relay.path, ...extra]);
    job.onMessage(receive);
    jobs.set(name, job);
  }
  if (!(await until(() => relay.connections === jobs.size, 60_000))) {
    throw new Error('not all jobs have connected');
  }
  for (const job of jobs.values()) await job.ask('warmUp');
}

const all = (question, argument) => Promise.all([...jobs.values()].map((job) => job.ask(question, argument)));

/** The load for some seconds: how many events there were in how many seconds, and what CPU time they cost here, in µs. */
async function phase({ transport, seconds, kill = [] }) {
  const from = performance.now();
  const before = cpuTime();
  await all('start', transport);
  for (const name of kill) {
    await sleep((seconds * 1e3) / (kill.length + 1));
    const job = jobs.get(name);
    jobs.delete(name);
    job.signal('SIGKILL');
    await job.exited;
  }
  await sleep((seconds * 1e3) / (kill.length + 1));
  const recorded = await all('stop');
  return {
    events: recorded.reduce((sum, count) => sum + count, 0),
    seconds: (performance.now() - from) / 1e3,
    cpu: cpuTime() - before,
  };
}

/** What the living jobs say that they have recorded over a transport. */
async function ledger(transport) {
  const sum = { observed: 0, increased: 0 };
  for (const each of await all('ledger', transport)) {
    sum.observed += each.observed;
    sum.increased += each.increased;
  }
  return sum;
}

answer(
  {
    start,
    phase,
    ledger,
    killedLedger: (name) => readLedger(ledgerOf(name)),
    url: () => `${http.url}/metrics`,
    connections: () => relay.connections,
    lags: () => lags.take(),
    close: () => all('close'),
  },
  async () => {
    await children.close();
    await Promise.all([relay.close(), http.close()]);
  },
);
