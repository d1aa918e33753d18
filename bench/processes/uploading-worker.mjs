/** A worker of the JavaScript SDK without Talkgauge in it, whose jobs upload what they record to the address given. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listenSignalling } from '../../build/simulate/signalling.js';
import { freePort } from '../../test/stack/servers.mjs';
import { answer } from '../children.mjs';
import { until } from '../measure.mjs';

const [observabilityUrl, key, secret] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'worker-'));
const signalling = await listenSignalling();
const agent = fileURLToPath(new URL('../../test/gateway/agents/typed-call.mjs', import.meta.url));
const worker = spawn(process.execPath, [agent, 'dev'], {
  stdio: 'ignore',
  env: {
    ...process.env,
    LIVEKIT_URL: signalling.url,
    LIVEKIT_API_KEY: key,
    LIVEKIT_API_SECRET: secret,
    LIVEKIT_OBSERVABILITY_URL: observabilityUrl,
    LOG_LEVEL: 'info',
    TEST_SERVER_PORT: String(await freePort()),
  },
});
const ended = once(worker, 'exit');

let jobs = 0;

/** Runs a job to its end: milliseconds from its `ctx.shutdown()` to the exit of its process. */
async function run(job) {
  await signalling.registered;
  const log = join(directory, `${++jobs}.jsonl`);
  await signalling.dispatch({
    id: `AJ_bench${jobs}`,
    agentName: 'front-desk',
    metadata: JSON.stringify({ log, ...job }),
  });
  let jobLog = {};
  const over = await until(() => {
    jobLog = read(log);
    return jobLog.exit !== undefined;
  }, 60_000);
  if (!over) throw new Error('a job has not ended in a minute');
  return jobLog.exit - jobLog.shutdown;
}

function read(log) {
  try {
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    return Object.assign({}, ...lines.map((line) => JSON.parse(line)));
  } catch {
    return {}; // not there yet, or the last line is being written
  }
}

answer({ run }, async () => {
  worker.kill();
  await ended;
  await signalling.close();
});
