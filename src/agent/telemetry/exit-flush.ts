import { spawnSync } from 'node:child_process';
import { packagePath } from '../../package.ts';
import { loadSerializers } from './opentelemetry.ts';
import type { OtlpTarget } from './settings.ts';

/** Unsent items of one signal. */
export interface UnsentItems {
  signal: 'TRACES' | 'LOGS';
  target: OtlpTarget;
  items: readonly unknown[];
}

/** One request of the child's standard input, which is a JSON array of them. */
export interface ExitFlushRequest {
  signal: UnsentItems['signal'];
  url?: string;
  headers?: Record<string, string>;
  contentType: string;
  /** The request's body, in base64. */
  body: string;
}

const exitFlushChild = packagePath('dist/exit-flush-child.js');

/**
 * Sends unsent items when the process exits by `process.exit` or an uncaught exception. The event loop no longer runs
 * then, so a child process sends them, and this process waits for it, for at most `ms` milliseconds. OTLP over gRPC is
 * not sent.
 */
export function flushInChildProcess(unsent: readonly UnsentItems[], ms: number): void {
  const requests = unsent.flatMap(({ signal, target, items }): ExitFlushRequest[] => {
    const { protocol, url, headers } = target;
    if (items.length === 0 || protocol === 'grpc') return [];
    const serializer = loadSerializers()[signal][protocol];
    const body = serializer.serializeRequest(items as never);
    if (!body) return [];
    const contentType = protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';
    return [{ signal, url, headers, contentType, body: Buffer.from(body).toString('base64') }];
  });
  if (requests.length === 0) return;
  const { NODE_OPTIONS: _, ...env } = process.env;
  spawnSync(process.execPath, [exitFlushChild], {
    // Standard input, because other users can read arguments, and the requests hold credentials.
    input: JSON.stringify(requests),
    env,
    timeout: ms,
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}
