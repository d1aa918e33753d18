import cluster from 'node:cluster';
import { AggregatorRegistry, Registry } from 'prom-client';
import { answer } from '../children.mjs';
import { calls } from '../events.mjs';
import { NaiveExporter } from '../naive.mjs';

// What prom-client has for many processes: each has a registry, and a scrape asks them all.
if (cluster.isPrimary) primary(Number(process.argv[2]));
else worker();

function primary(count) {
  const registry = new AggregatorRegistry();
  let online = 0;
  cluster.on('message', (_worker, message) => {
    if (message === 'recorded') online++;
  });
  for (let id = 0; id < count; id++) cluster.fork();
  const pids = () => Object.values(cluster.workers).map((worker) => worker.process.pid);
  answer(
    {
      online: () => online,
      /** How long a scrape took, in milliseconds, and what came of it. */
      async scrape() {
        const start = performance.now();
        const result = await registry.clusterMetrics().catch((error) => error);
        const failed = result instanceof Error ? result.message : undefined;
        return { ms: performance.now() - start, failed, exposition: failed ? '' : result };
      },
      stopOne: () => process.kill(pids()[0], 'SIGSTOP'),
    },
    () => {
      for (const pid of pids()) process.kill(pid, 'SIGKILL');
    },
  );
}

function worker() {
  process.on('SIGINT', () => {});
  const registry = new Registry();
  AggregatorRegistry.setRegistries(registry);
  new AggregatorRegistry(); // its constructor is what makes a worker answer
  const exporter = new NaiveExporter(registry, { agent_name: 'front-desk', agent_version: '1.4.0' });
  for (const call of calls(cluster.worker.id)) {
    exporter.begin();
    for (const [name, event] of call) exporter.handle(name, event);
  }
  process.send('recorded');
}
