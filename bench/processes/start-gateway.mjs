/** A gateway that starts over what a directory has, and what that takes. */
import { startGateway } from '../../build/gateway/gateway.js';
import { answer } from '../children.mjs';
import { key, secret } from '../job-uploads.mjs';
import { sleep } from '../measure.mjs';

const [directory] = process.argv.slice(2);
let peak = 0;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 5).unref();

const began = performance.now();
const gateway = await startGateway({
  directory,
  keys: { pair: { key, secret } },
  port: 0,
  minFreeBytes: 0,
  // Jobs come as fast as they are taken, and are measured as soon as they are there.
  limits: { perMinute: 1e9 },
  measurementDelays: { settled: 0, unrecorded: 0, announced: 0 },
  sync: 'never',
});
const started = performance.now() - began;

/** Until hardly any work is done: what a gateway goes on with after it answers is done then. */
async function rest() {
  for (let quiet = 0; quiet < 5; ) {
    const before = process.cpuUsage();
    await sleep(100);
    const { user, system } = process.cpuUsage(before);
    quiet = user + system < 10_000 ? quiet + 1 : 0;
  }
  return performance.now() - began - 500;
}

answer(
  {
    url: () => gateway.url,
    /** Milliseconds until it answered, and until it was at rest, from its start without that of Node.js; bytes at most. */
    start: async () => ({ started, rested: await rest(), peak }),
    drained: (timeout) => gateway.drained(timeout),
  },
  () => gateway.close(),
);
