import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** `talkgauge simulate`, as a user runs it, with its own folder for temporary files. */
export interface Run {
  process: ChildProcess;
  /** The output so far. */
  output(): string;
  /** The URL of its metrics, once printed. */
  url(): Promise<string>;
  /** The URL of the incident switches, once printed. */
  controlUrl(): Promise<string>;
  /** Resolves with the exit code, or the signal that ended it. */
  exit(): Promise<number | NodeJS.Signals | null>;
  /** Remaining files in the folder for temporary files. */
  leftFiles(): string[];
  /** Running processes that it has forked, including their children. */
  leftProcesses(): number[];
  /** Ends it if it still runs, and deletes the folder. */
  clean(): Promise<void>;
}

export function startSimulation(...args: string[]): Run {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  const child = spawn(
    process.execPath,
    [cli, 'simulate', '--port', '0', '--control-port', '0', '--gateway-port', '0', ...args],
    {
      // The folder's name in the environment identifies all of its processes.
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

/** The processes with the folder in their environment, except `without`. Linux only, like the CI. */
function processesOf(folder: string, without?: number): number[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== without)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${folder}`);
      } catch {
        // The process has ended meanwhile, or belongs to another user.
        return false;
      }
    })
    .map(Number);
}
