import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, vi } from 'vitest';
import { listenSignalling, type Signalling } from '../../../src/simulate/signalling.ts';
import { freePort } from '../../stack/servers.mjs';
import { sampleOf } from './exposition.ts';

export interface WorkerOptions {
  agent:
    | 'two-lines.mjs'
    | 'two-lines.cjs'
    | 'no-line.mjs'
    | 'no-line.cjs'
    | 'own-provider.mjs'
    | 'observe-only.mjs'
    | 'records-room.mjs'
    | 'records-room.cjs';
  /** `start` keeps a warm pool of processes, `dev` has none. */
  mode?: 'start' | 'dev';
  port?: number;
  env?: Record<string, string>;
  /** The agent name of the jobs. @default front-desk */
  agentName?: string;
}

/** A worker as a user runs it: `node agent.mjs start`, against a fake LiveKit server. */
export interface Worker {
  process: ChildProcess;
  port: number;
  /** Its output, stdout and stderr, since it was started or reset. */
  output(): string;
  run(job: object, agentName?: string): Promise<void>;
  /** Runs a job until its process exits. @param outcome the counted outcome, `finished` by default */
  finish(job: object, outcome?: string, agentName?: string): Promise<void>;
  metrics(): Promise<string>;
  /** The increase of a series, summed over other labels, since the worker was started or reset. */
  increase(series: string, labels?: Record<string, string>): Promise<number>;
  close(): Promise<void>;
}

let jobs = 0;

/**
 * Polls until the check passes; on a busy machine a process takes a minute to start. The interval is long because most checks read
 * the metrics of a worker, and rendering them takes 20 ms of processor time that its jobs need.
 */
export const until = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 200_000, interval: 250 });

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { worker } = await start(options);
  return worker;
}

/**
 * Workers shared by the tests of a file, because one takes seconds to start: one per set of options, which runs until
 * the last test of the file. To be called once, at the top of the file.
 */
export function sharedWorkers(): (options: WorkerOptions) => Promise<Worker> {
  const workers = new Map<string, ReturnType<typeof start>>();
  afterAll(async () => {
    await Promise.all([...workers.values()].map(async (started) => (await started).worker.close()));
  });
  return async (options) => {
    const key = JSON.stringify(options);
    const started = workers.get(key) ?? start(options);
    workers.set(key, started);
    const { worker, reset } = await started;
    await reset();
    return worker;
  };
}

async function start(options: WorkerOptions): Promise<{ worker: Worker; reset(): Promise<void> }> {
  const signalling: Signalling = await listenSignalling();
  const port = options.port ?? (await freePort());
  const register = options.agent.startsWith('no-line') ? ['--import', 'talkgauge/register'] : [];
  const file = fileURLToPath(new URL(`./agents/${options.agent}`, import.meta.url));
  const child = spawn(process.execPath, [...register, file, options.mode ?? 'start'], {
    env: {
      ...process.env,
      LIVEKIT_URL: signalling.url,
      LIVEKIT_API_KEY: 'devkey',
      LIVEKIT_API_SECRET: 'a secret of at least thirty-two characters',
      LOG_LEVEL: 'warn',
      TALKGAUGE_PORT: String(port),
      TALKGAUGE_AGENT_VERSION: '1.2.3',
      TEST_SERVER_PORT: String(await freePort()),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const exited = once(child, 'exit').then(() => Promise.reject(new Error(`the worker exited:\n${output}`)));
  await Promise.race([signalling.registered, exited]);
  exited.catch(() => {});
  let written = 0;
  let before = '';
  // Uncompressed, because compression would take most of the rendering time.
  const headers = { 'accept-encoding': 'identity' };
  const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
  const worker: Worker = {
    process: child,
    port,
    output: () => output.slice(written),
    run: (job, agentName = options.agentName ?? 'front-desk') => {
      jobs += 1;
      return signalling.dispatch({ id: `AJ_${jobs}`, agentName, metadata: JSON.stringify(job) });
    },
    async finish(job, outcome = 'finished', agentName) {
      const exits = async () => sampleOf(await metrics(), 'lk_agents_job_exits_total', { outcome }) ?? 0;
      const expected = (await exits()) + 1;
      await worker.run(job, agentName);
      await until(async () => expect(await exits()).toBe(expected));
    },
    metrics,
    increase: async (series, labels) =>
      (sampleOf(await metrics(), series, labels) ?? 0) - (sampleOf(before, series, labels) ?? 0),
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const exit = once(child, 'exit');
        const killTimer = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await exit;
        clearTimeout(killTimer);
      }
      await signalling.close();
    },
  };
  return {
    worker,
    async reset() {
      written = output.length;
      // An agent without `monitor()` serves no metrics.
      before = await metrics().catch(() => '');
    },
  };
}
