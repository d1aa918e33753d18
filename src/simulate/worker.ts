import childProcess, { type ChildProcess, type ForkOptions } from 'node:child_process';
import type { WriteStream } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import * as sdk from '@livekit/agents';
import { packagePath } from '../package.ts';
import { processMessages, sentMessageOf, startNoInferenceProcess } from '../private-apis/readers.ts';
import type { Credentials } from './uploads.ts';

export interface ChildrenOptions {
  /** File descriptor for the children's output, instead of this process's own. */
  output: number;
  /** Environment variables of the children, in addition to this process's. */
  environment: Readonly<Record<string, string>>;
  /** Called when a job is assigned to a process. */
  onJobStart?: (jobId: string) => void;
  /** Called when the process of a job has exited. */
  onJobEnd?: (jobId: string) => void;
}

/** The processes that the SDK forks during supervision. */
export interface Children {
  readonly alive: number;
  /** Resolves when none is alive; false: some are still alive after `ms` milliseconds. */
  gone(ms: number): Promise<boolean>;
  /** Kills the idle processes, and any that is forked from now on. */
  killIdle(): void;
  /** Kills all processes, including any forked from now on; resolves when none is left. */
  kill(): Promise<void>;
  /** Stops the supervision of future processes. */
  release(): void;
}

/**
 * Supervises all processes forked from now on. `AgentServer` does not expose its processes, lets them write to this
 * process's terminal and waits up to a minute for them. Therefore `fork` is wrapped while a call centre runs.
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
      // The fork failed, so that no exit event will follow.
      if (child.pid === undefined) alive.delete(child);
    });
    // The SDK replaces every process that it loses; only this stops it.
    if (killing) child.kill('SIGKILL');
    return child;
  }) as typeof fork;
  // The SDK imports { fork } by name; without this it would keep Node's original.
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

/** Observes the worker's messages to a process: the only sign of a job's start. */
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
  /** The URL of the simulated LiveKit server. */
  url: string;
  children: Children;
  credentials: Credentials;
  /** The file for the SDK's own errors. */
  log: WriteStream;
  /** The log level of the SDK. */
  level: 'info' | 'error';
  /** The load that the worker reports, 0 to 1. */
  load: () => number;
}

const agentFile = packagePath('dist/simulated-agent.js');

/** The start timeout of a process on a busy machine, in milliseconds; the SDK's default is 10 s. */
const startMs = 60_000;

/** The time that calls have to end, in milliseconds, before their processes are killed. */
const graceMs = 2500;

/** Runs a worker of the SDK; it forks a process for each job. Returns its stop, which ends within seconds. */
export function startWorker({ url, children, credentials, log: output, level, load }: WorkerOptions) {
  withStdout(output, () => sdk.initializeLogger({ pretty: false, level }));
  // No call uses the process of LiveKit's turn detection, which needs 330 MB.
  startNoInferenceProcess(sdk.InferenceRunner);
  const server = new sdk.AgentServer(
    new sdk.ServerOptions({
      agent: agentFile,
      wsURL: url,
      apiKey: credentials.LIVEKIT_API_KEY,
      apiSecret: credentials.LIVEKIT_API_SECRET,
      production: true,
      // One warm process is enough for a call per second, and each needs memory.
      numIdleProcesses: 1,
      initializeProcessTimeout: startMs,
      // In the SDK, this means: no HTTP server on a fixed port, and never "full".
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
      // Its own close waits up to a minute for calls, and forever if it has not started yet.
      if (grace > 0) {
        void server.close().catch(() => {});
        children.killIdle();
        await children.gone(grace);
      }
      await children.kill();
    },
  };
}

/** Redirects the SDK's logger from standard output to another stream. */
function withStdout(stream: WriteStream, use: () => void): void {
  const own = Object.getOwnPropertyDescriptor(process, 'stdout');
  Object.defineProperty(process, 'stdout', { value: stream, configurable: true });
  try {
    use();
  } finally {
    if (own) Object.defineProperty(process, 'stdout', own);
  }
}
