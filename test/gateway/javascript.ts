import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, vi } from 'vitest';
import { startWorker, type Worker, type WorkerOptions } from '../worker/worker.ts';
import { newFolder } from './running.ts';

const workers: Worker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
});

/** The keys of the workers of test/worker. */
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

/** A worker of the JavaScript SDK whose jobs upload to `url`. */
export async function startJavaScriptWorker(
  file: AgentFile,
  url: string,
  env: Record<string, string> = {},
): Promise<Worker> {
  // Beside those of test/worker.
  const agent = `../../gateway/agents/${file}` as WorkerOptions['agent'];
  const worker = await startWorker({ agent, mode: 'dev', env: { LIVEKIT_OBSERVABILITY_URL: url, ...env } });
  workers.push(worker);
  return worker;
}

interface Told {
  /** When the job asked to be shut down, and when its process exited: unix milliseconds. */
  shutdown: number;
  exit: number;
  error?: string;
}

/** What a job wrote down; its last line is that it exits. */
export const toldBy = (log: string): Promise<Told> =>
  vi.waitFor(
    () => {
      const lines = readFileSync(log, 'utf8').trim().split('\n');
      const told = Object.assign({}, ...lines.map((line) => JSON.parse(line)));
      expect(told.exit).toBeGreaterThan(0);
      return told;
    },
    { timeout: 90_000, interval: 100 },
  );

/** Runs a job of three typed turns to its end: milliseconds from its shutdown to the exit of its process. */
export async function runTypedCall(url: string, env?: Record<string, string>): Promise<number> {
  const log = join(newFolder(), 'job.jsonl');
  const worker = await startJavaScriptWorker('typed-call.mjs', url, env);
  await worker.run({ turns: 3, log });
  const { shutdown, exit } = await toldBy(log);
  return exit - shutdown;
}
