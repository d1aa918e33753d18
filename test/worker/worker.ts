import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { listenSignalling, type Signalling } from '../../src/simulate/signalling.ts';
import { freePort } from '../stack/servers.mjs';

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
  /** What it has written so far, stdout and stderr. */
  output(): string;
  run(job: object): Promise<void>;
  metrics(): Promise<string>;
  close(): Promise<void>;
}

let jobs = 0;

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const signalling: Signalling = await listenSignalling();
  const port = options.port ?? (await freePort());
  const register = options.agent.startsWith('no-line') ? ['--import', 'earshot/register'] : [];
  const file = fileURLToPath(new URL(`./agents/${options.agent}`, import.meta.url));
  const child = spawn(process.execPath, [...register, file, options.mode ?? 'start'], {
    env: {
      ...process.env,
      LIVEKIT_URL: signalling.url,
      LIVEKIT_API_KEY: 'devkey',
      LIVEKIT_API_SECRET: 'a secret of at least thirty-two characters',
      LOG_LEVEL: 'warn',
      EARSHOT_PORT: String(port),
      EARSHOT_AGENT_VERSION: '1.2.3',
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
  return {
    process: child,
    port,
    output: () => output,
    run: (job) => {
      jobs += 1;
      return signalling.dispatch({
        id: `AJ_${jobs}`,
        agentName: options.agentName ?? 'front-desk',
        metadata: JSON.stringify(job),
      });
    },
    metrics: async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
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
}
