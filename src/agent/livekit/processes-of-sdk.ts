import { basename } from 'node:path';
import { warnMissing } from './private-apis.ts';

/** The main modules of the processes that the SDK forks, for a job or for inference. */
const mainModule = /[\\/](job|inference)_proc_lazy_main\.[cm]?[jt]s$/;
const moduleOfSdk = /[\\/]@livekit[\\/]agents[\\/]dist[\\/].*\.[cm]?[jt]s$/;

export type ProcessKind = 'job' | 'inference';

/** Of which kind a forked process is, by its main module; undefined: it is none of the SDK's. */
export function kindOfProcess(main: string): ProcessKind | undefined {
  const named = mainModule.exec(main)?.[1] as ProcessKind | undefined;
  if (named || !moduleOfSdk.test(main)) return named;
  warnMissing('processMain');
  return basename(main).includes('inference') ? 'inference' : 'job';
}

/** The messages between a worker and its processes (ipc/message.ts of the SDK). */
const messages: ReadonlySet<unknown> = new Set([
  ...['initializeRequest', 'initializeResponse', 'pingRequest', 'pongResponse', 'startJobRequest'],
  ...['shutdownRequest', 'shutdownRequestAck', 'shuttingDown', 'inferenceRequest', 'inferenceResponse'],
  ...['exiting', 'done'],
]);

/** One of them, as far as it is read here. */
export interface ProcessMessage {
  case?: string;
  value?: { reason?: string };
}

/** What a worker sends to a process: only the SDK does. */
export function sentMessageOf(message: unknown): ProcessMessage {
  const sent = messageOf(message);
  if (!messages.has(sent.case)) warnMissing('processMessages');
  return sent;
}

/** What a process sends to its worker: the agent's own code may, too, and anything. */
export const messageOf = (message: unknown): ProcessMessage =>
  typeof message === 'object' && message !== null ? message : {};
