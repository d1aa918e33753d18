import childProcess, { type ChildProcess, type ForkOptions } from 'node:child_process';
import type { WriteStream } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import * as sdk from '@livekit/agents';
import { packagePath } from '../package.ts';
import { processMessages, sentMessageOf, startNoInferenceProcess } from '../private-apis/readers.ts';
import type { Credentials } from './uploads.ts';

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
    watchJobStart(child, (id) => {
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
function watchJobStart(child: ChildProcess, started: (jobId: string) => void): void {
  const { send } = child;
  if (!send) return;
  child.send = function (this: ChildProcess, ...args: Parameters<ChildProcess['send']>) {
    const message = sentMessageOf(args[0]);
    const id = message.case === processMessages.jobStart ? message.value?.runningJob?.job?.id : undefined;
    if (id) started(id);
    return send.apply(this, args);
  } as ChildProcess['send'];
}

export interface WorkerOptions {
  /** The stand-in for a LiveKit server. */
  url: string;
  children: Children;
  credentials: Credentials;
  /** Where the SDK's own errors go. */
  log: WriteStream;
  /** What the SDK logs. */
  level: 'info' | 'error';
  /** The load that the worker reports, 0 to 1. */
  load: () => number;
}

const agentFile = packagePath('dist/simulated-agent.js');

/** How long a process may take to start on a busy machine, in milliseconds; the SDK's own limit is 10 s. */
const startMs = 60_000;

/** How long calls may take to say goodbye, in milliseconds, before their processes are killed. */
const graceMs = 2500;

/** Runs a worker of the SDK; it forks a process for each job. Returns its stop, which ends within seconds. */
export function startWorker({ url, children, credentials, log: output, level, load }: WorkerOptions) {
  withStdout(output, () => sdk.initializeLogger({ pretty: false, level }));
  // No call asks the process that runs LiveKit's detection of turns, which costs 330 MB.
  startNoInferenceProcess(sdk.InferenceRunner);
  const server = new sdk.AgentServer(
    new sdk.ServerOptions({
      agent: agentFile,
      wsURL: url,
      apiKey: credentials.LIVEKIT_API_KEY,
      apiSecret: credentials.LIVEKIT_API_SECRET,
      production: true,
      // One warm process is enough for a call every second, and each costs memory.
      numIdleProcesses: 1,
      initializeProcessTimeout: startMs,
      // The SDK's word for: no HTTP server of its own on a fixed port, and never "full".
      simulation: true,
      loadFunc: async () => load(),
    }),
  );
  const failed = server.run();
  return {
    /** Rejects when the worker cannot run. */
    failed,
    /** @param grace milliseconds that the calls have to end by themselves */
    async stop(grace = graceMs): Promise<void> {
      // Its own close waits for calls up to a minute, and for ever if it has not come to run yet.
      if (grace > 0) {
        void server.close().catch(() => {});
        children.killIdle();
        await children.gone(grace);
      }
      await children.kill();
    },
  };
}

/** Lets the SDK's logger take another stream for standard output, which it would write to. */
function withStdout(stream: WriteStream, use: () => void): void {
  const own = Object.getOwnPropertyDescriptor(process, 'stdout');
  Object.defineProperty(process, 'stdout', { value: stream, configurable: true });
  try {
    use();
  } finally {
    if (own) Object.defineProperty(process, 'stdout', own);
  }
}
