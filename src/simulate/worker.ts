import type { WriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as sdk from '@livekit/agents';
import { startNoInferenceProcess } from '../agent/livekit/private-apis.ts';
import type { Children } from './children.ts';
import type { Credentials } from './credentials.ts';

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

const agentFile = fileURLToPath(new URL('./agent.js', import.meta.url));

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
