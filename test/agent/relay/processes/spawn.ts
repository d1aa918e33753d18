import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export interface Job {
  pid: number;
  /** Resolves when the job has ended, to its exit code or the signal that ended it. */
  ended: Promise<number | string>;
  /** Its output so far. */
  output(): string;
}

/** Starts a job process (see job.mjs); it is killed after the test if it still runs. */
export const startJob = (scenario: string, socket: string, argument = ''): Job =>
  start('job.mjs', [scenario, socket, argument]);

/** Starts a worker that exits by itself when a job has connected (see idle-worker.mjs). */
export const startIdleWorker = (): Job => start('idle-worker.mjs', []);

function start(script: string, args: readonly string[]): Job {
  const child = spawn(process.execPath, [file(script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal);
  onTestFinished(() => end(child));
  return { pid: child.pid ?? 0, ended, output: () => output };
}

export interface Worker {
  socket: string;
  expose(): Promise<string>;
  /** Stops it with SIGSTOP, as a debugger or a suspended machine would. */
  stop(): void;
  resume(): void;
  kill(): Promise<void>;
  /** Makes it call process.exit(). */
  exit(): Promise<void>;
}

/** Starts a worker process (see worker.mjs). */
export async function startWorker(path?: string): Promise<Worker> {
  const child = fork(file('worker.mjs'), path === undefined ? [] : [path]);
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGCONT');
    child.disconnect(); // it closes its relay, which removes the directory
    await exit;
  });
  const [socket] = await once(child, 'message');
  return {
    socket,
    async expose() {
      const answer = once(child, 'message');
      child.send('expose');
      return (await answer)[0];
    },
    stop: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async kill() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
    async exit() {
      const exit = once(child, 'exit');
      child.send('exit');
      await exit;
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
