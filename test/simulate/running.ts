import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** `talkgauge simulate`, as a user runs it, with a folder for temporary files that nobody else uses. */
export interface Run {
  process: ChildProcess;
  /** What it has written so far. */
  output(): string;
  /** Where its metrics are, once it has said so. */
  url(): Promise<string>;
  /** Where its incidents are switched, once it has said so. */
  controlUrl(): Promise<string>;
  /** Resolves with the exit code, or the signal that ended it. */
  exit(): Promise<number | NodeJS.Signals | null>;
  /** What it has left in the folder for temporary files. */
  leftFiles(): string[];
  /** Processes that it has forked, or their children, that are still there. */
  leftProcesses(): number[];
  /** Ends it if it is still there, and deletes the folder. */
  clean(): Promise<void>;
}

export function startSimulation(...args: string[]): Run {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  const child = spawn(
    process.execPath,
    [cli, 'simulate', '--port', '0', '--control-port', '0', '--gateway-port', '0', ...args],
    {
      // The folder's name is in the environment of all its processes, by which they can be told from others.
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const exited = once(child, 'exit');
  const announced = (pattern: RegExp) => async () => {
    for (;;) {
      const found = output.match(pattern)?.[1];
      if (found) return found;
      if (child.exitCode !== null) throw new Error(`the simulation ended:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return {
    process: child,
    output: () => output,
    url: announced(/metrics (\S+)\/metrics/),
    controlUrl: announced(/incidents (http\S+)\/incidents/),
    exit: async () => {
      const [code, signal] = await exited;
      return signal ?? code;
    },
    leftFiles: () => readdirSync(folder),
    leftProcesses: () => processesOf(folder, child.pid),
    async clean() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
      for (const pid of processesOf(folder)) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The processes whose environment names the folder, without the one that is given. Linux only, like the CI. */
function processesOf(folder: string, without?: number): number[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== without)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${folder}`);
      } catch {
        // It has ended meanwhile, or belongs to somebody else.
        return false;
      }
    })
    .map(Number);
}
