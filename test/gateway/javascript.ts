import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { startWorker, type Worker, type WorkerOptions } from '../agent/worker/worker.ts';
import { closeAfterTest } from '../closing.ts';
import { newFolder } from './running.ts';

/** The keys of the workers of test/agent/worker. */
export const pair = { key: 'devkey', secret: 'a secret of at least thirty-two characters' };

/** A simulated call of an agent with STT, LLM and TTS, which the agent closes. */
export const callOf = (...scenes: string[]) => ({
  number: 1,
  seed: 1,
  agent: 'support',
  version: '1.9.2',
  stack: { mode: 'pipeline', stt: 'universal-streaming', llm: 'claude-haiku', tts: 'flash-v2.5' },
  scenes,
  ending: 'agent-closes',
});

type AgentFile = 'observed-call.mjs' | 'recorded-call.mjs' | 'typed-call.mjs';

/** A worker of the JavaScript SDK with jobs that upload to `url`. The caller closes it. */
export function openJavaScriptWorker(
  file: AgentFile,
  url: string,
  env: Record<string, string> = {},
): Promise<Worker> {
  // Beside those of test/agent/worker.
  const agent = `../../../gateway/agents/${file}` as WorkerOptions['agent'];
  return startWorker({ agent, mode: 'dev', env: { LIVEKIT_OBSERVABILITY_URL: url, ...env } });
}

/** The same; it is closed after the test. */
export async function startJavaScriptWorker(
  ...options: Parameters<typeof openJavaScriptWorker>
): Promise<Worker> {
  const worker = await openJavaScriptWorker(...options);
  closeAfterTest(() => worker.close());
  return worker;
}

/** Concurrent workers of concurrent tests. Each has two processes, and its jobs. */
const maxWorkers = 3;
let running = 0;
const queue: (() => void)[] = [];

/** Runs `use` with a worker of its own, concurrently with other tests. */
export async function withJavaScriptWorker<T>(
  file: AgentFile,
  url: string,
  env: Record<string, string>,
  work: (worker: Worker) => Promise<T>,
): Promise<T> {
  if (running >= maxWorkers) await new Promise<void>((resolve) => queue.push(resolve));
  else running++;
  try {
    const worker = await openJavaScriptWorker(file, url, env);
    try {
      return await work(worker);
    } finally {
      await worker.close();
    }
  } finally {
    // The next in the queue takes this slot.
    const next = queue.shift();
    if (next) next();
    else running--;
  }
}

interface JobLog {
  /** When the job asked to be shut down, and when its process exited: unix milliseconds. */
  shutdown: number;
  exit: number;
  error?: string;
}

/** The log entries of a job, merged. The last line is its exit. */
export const readJobLog = (log: string): Promise<JobLog> =>
  vi.waitFor(
    () => {
      const lines = readFileSync(log, 'utf8').trim().split('\n');
      const entries = Object.assign({}, ...lines.map((line) => JSON.parse(line)));
      expect(entries.exit).toBeGreaterThan(0);
      return entries;
    },
    { timeout: 90_000, interval: 100 },
  );

/**
 * Runs a job of three typed turns to its end: milliseconds from its shutdown to the exit of its process.
 *
 * @param to the URL for uploads, or a worker that runs the job and has the URL
 */
export async function runTypedCall(to: string | Worker, env?: Record<string, string>): Promise<number> {
  const log = join(newFolder(), 'job.jsonl');
  const worker = typeof to === 'string' ? await startJavaScriptWorker('typed-call.mjs', to, env) : to;
  await worker.run({ turns: 3, log });
  const { shutdown, exit } = await readJobLog(log);
  return exit - shutdown;
}
