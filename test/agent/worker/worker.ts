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
  /** What jobs say that their agent is called. @default front-desk */
  agentName?: string;
}

/** A worker as a user runs it: `node agent.mjs start`, against a stand-in for LiveKit. */
export interface Worker {
  process: ChildProcess;
  port: number;
  /** What it has written, stdout and stderr, since it was started or taken again. */
  output(): string;
  run(job: object, agentName?: string): Promise<void>;
  /** Runs a job until its process is gone. @param outcome that is counted then, `finished` for the most part */
  finish(job: object, outcome?: string, agentName?: string): Promise<void>;
  metrics(): Promise<string>;
  /** By how much a series, summed up over other labels, is larger than when the worker was started or taken again. */
  increase(series: string, labels?: Record<string, string>): Promise<number>;
  close(): Promise<void>;
}

let jobs = 0;

/**
 * Asks until it is so; on a busy machine a process takes a minute to start. Not more often than this: what it mostly asks for
 * are the metrics of a worker, and to write them takes 20 ms of processor time that a job beside it needs.
 */
export const until = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 200_000, interval: 250 });

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { worker } = await start(options);
  return worker;
}

/**
 * Workers that the tests of a file share, for one takes seconds to start: each set of options has its own, which lives until
 * the file is over. To be called once, where the file begins.
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
    const { worker, takeAgain } = await started;
    await takeAgain();
    return worker;
  };
}

async function start(options: WorkerOptions): Promise<{ worker: Worker; takeAgain(): Promise<void> }> {
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
  const died = once(child, 'exit').then(() => Promise.reject(new Error(`the worker exited:\n${output}`)));
  await Promise.race([signalling.registered, died]);
  died.catch(() => {});
  let written = 0;
  let before = '';
  // Not compressed, which would take most of the time of writing them.
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
      const over = (await exits()) + 1;
      await worker.run(job, agentName);
      await until(async () => expect(await exits()).toBe(over));
    },
    metrics,
    increase: async (series, labels) =>
      (sampleOf(await metrics(), series, labels) ?? 0) - (sampleOf(before, series, labels) ?? 0),
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const exit = once(child, 'exit');
        const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await exit;
        clearTimeout(patience);
      }
      await signalling.close();
    },
  };
  return {
    worker,
    async takeAgain() {
      written = output.length;
      // An agent without `monitor()` serves none.
      before = await metrics().catch(() => '');
    },
  };
}
