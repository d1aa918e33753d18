import childProcess, { type ChildProcess, type ForkOptions } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

export interface ChildrenOptions {
  /** File descriptor that the children's output goes to, instead of this process's own. */
  output: number;
  /** What the children find in their environment, on top of this process's. */
  environment: Readonly<Record<string, string>>;
  /** Called when a process is given a job. */
  onJobStart?: (jobId: string) => void;
  /** Called when the process that ran a job has gone. */
  onJobEnd?: (jobId: string) => void;
}

/** The processes that the SDK forks while these are supervised. */
export interface Children {
  readonly alive: number;
  /** Resolves when none is alive; false: some still are after `ms` milliseconds. */
  gone(ms: number): Promise<boolean>;
  /** Kills those that run no job, which have nothing to finish, and any that is forked from now on. */
  killIdle(): void;
  /** Kills all that are alive or forked from now on, and resolves when none is left. */
  kill(): Promise<void>;
  /** Ends the supervision of processes to come. */
  release(): void;
}

/** The SDK's message that starts a job in a process. */
interface StartJob {
  case?: string;
  value?: { runningJob?: { job?: { id?: string } } };
}

/**
 * Supervises what is forked from here on. `AgentServer` keeps its processes to itself, lets them write to this
 * process's terminal and waits up to a minute for them, so `fork` is wrapped while a call centre runs.
 */
export function superviseChildren({ output, environment, onJobStart, onJobEnd }: ChildrenOptions): Children {
  const alive = new Set<ChildProcess>();
  const working = new Set<ChildProcess>();
  let killing = false;
  const { fork } = childProcess;

  childProcess.fork = ((module: string | URL, args?: readonly string[], options: ForkOptions = {}) => {
    const child = fork(module, args, {
      ...options,
      stdio: ['ignore', output, output, 'ipc'],
      env: { ...process.env, ...options.env, ...environment },
    });
    alive.add(child);
    let job: string | undefined;
    seeJobStart(child, (id) => {
      job = id;
      working.add(child);
      onJobStart?.(id);
    });
    child.once('exit', () => {
      alive.delete(child);
      working.delete(child);
      if (job !== undefined) onJobEnd?.(job);
    });
    child.once('error', () => {
      // It could not be forked at all, so it will not exit either.
      if (child.pid === undefined) alive.delete(child);
    });
    // The SDK replaces a process that it has lost; there is no end to that but this.
    if (killing) child.kill('SIGKILL');
    return child;
  }) as typeof fork;
  // The SDK imports { fork } by name; without this it would keep Node's own.
  syncBuiltinESMExports();

  const gone = async (ms: number): Promise<boolean> => {
    const deadline = performance.now() + ms;
    while (alive.size > 0 && performance.now() < deadline) await new Promise((done) => setTimeout(done, 20));
    return alive.size === 0;
  };
  return {
    get alive() {
      return alive.size;
    },
    gone,
    killIdle() {
      killing = true;
      for (const child of alive) if (!working.has(child)) child.kill('SIGKILL');
    },
    async kill() {
      killing = true;
      for (const child of alive) child.kill('SIGKILL');
      await gone(5000);
    },
    release() {
      childProcess.fork = fork;
      syncBuiltinESMExports();
    },
  };
}

/** Sees what the worker sends to a process: only there does a job begin. */
function seeJobStart(child: ChildProcess, started: (jobId: string) => void): void {
  const { send } = child;
  if (!send) return;
  child.send = function (this: ChildProcess, ...args: Parameters<ChildProcess['send']>) {
    const message = args[0] as StartJob;
    const id = message.case === 'startJobRequest' ? message.value?.runningJob?.job?.id : undefined;
    if (id) started(id);
    return send.apply(this, args);
  } as ChildProcess['send'];
}
