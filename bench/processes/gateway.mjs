/** A gateway as it runs by itself, and what it takes. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '../../build/gateway/gateway.js';
import { answer } from '../children.mjs';
import { fillSessions } from '../sessions.mjs';

const [key, secret, sessions = '0'] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'gateway-'));
if (sessions !== '0') fillSessions(directory, Number(sessions));
const gateway = await startGateway({
  directory,
  keys: { pair: { key, secret } },
  port: 0,
  minFreeBytes: 0,
});

let peak = 0;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 5).unref();

answer(
  {
    url: () => gateway.url,
    /** The largest RSS since it was asked last, in bytes. */
    peak() {
      const bytes = peak;
      peak = 0;
      return bytes;
    },
    memory() {
      globalThis.gc?.();
      return process.memoryUsage.rss();
    },
    drained: (timeout) => gateway.drained(timeout),
    sessions: () =>
      gateway.store.index.summaries().filter(({ complete, hasAudio }) => complete && hasAudio).length,
  },
  () => gateway.close(),
);
