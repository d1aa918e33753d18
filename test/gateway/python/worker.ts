import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import { listenSignalling } from '../../../src/simulate/signalling.ts';
import { newFolder } from '../running.ts';

/** A Python with livekit-agents: `python3 -m venv venv && venv/bin/pip install -r test/gateway/python/requirements.txt`. */
const python = process.env.TALKGAUGE_TEST_PYTHON ?? 'python3';

/** The version of its livekit-agents; undefined if it is not installed. */
export const version = (() => {
  try {
    return execFileSync(python, ['-c', 'import livekit.agents as a; print(a.__version__)'], { stdio: 'pipe' })
      .toString()
      .trim();
  } catch {
    return undefined;
  }
})();
if (version === undefined) {
  console.warn(
    `${python} has no livekit-agents: set TALKGAUGE_TEST_PYTHON to one that has, to test uploads of the Python SDK`,
  );
}

/** Whether a process runs and is not a zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export interface PythonWorker {
  /** The stdout and stderr so far. */
  output(): string;
  /**
   * Runs a job to its end.
   *
   * @returns milliseconds from its shutdown to the exit of its process
   */
  run(id: string, questions: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

/** A worker of the Python SDK, `python agent.py start`, with a mock LiveKit server and jobs that upload to `url`. */
export async function startPythonWorker(
  url: string,
  { key, secret }: { key: string; secret: string },
): Promise<PythonWorker> {
  const signalling = await listenSignalling();
  const worker = spawn(python, [join(import.meta.dirname, 'agent.py'), 'start'], {
    env: {
      ...process.env,
      LIVEKIT_URL: signalling.url,
      LIVEKIT_API_KEY: key,
      LIVEKIT_API_SECRET: secret,
      LIVEKIT_OBSERVABILITY_URL: url,
      LIVEKIT_AGENT_DEPLOYMENT: '7.1.0',
    },
  });
  let output = '';
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', (chunk) => (output += chunk));
  const close = async () => {
    worker.kill('SIGKILL');
    await signalling.close();
  };
  try {
    await Promise.race([
      signalling.registered,
      once(worker, 'exit').then(() => Promise.reject(new Error(`the worker exited:\n${output}`))),
    ]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    output: () => output,
    async run(id, questions) {
      const log = join(newFolder(), 'job.jsonl');
      const metadata = JSON.stringify({ log, questions });
      await signalling.dispatch({ id, agentName: 'front-desk', metadata });
      const jobLog = await vi.waitFor(() => JSON.parse(readFileSync(log, 'utf8')), {
        timeout: 60_000,
        interval: 50,
      });
      await vi.waitFor(() => isAlive(jobLog.pid) && Promise.reject(new Error('the job does not end')), {
        timeout: 60_000,
        interval: 20,
      });
      return Date.now() - jobLog.shutdown;
    },
    close,
  };
}
