import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { loadSerializers, type OtlpTarget } from './opentelemetry.ts';

/** What is left to be sent of one signal. */
export interface Remainder {
  signal: 'TRACES' | 'LOGS';
  target: OtlpTarget;
  items: readonly unknown[];
}

/** What the messenger reads from its standard input, as JSON. */
export interface Message {
  signal: Remainder['signal'];
  url?: string;
  headers?: Record<string, string>;
  contentType: string;
  /** The request's body, in base64. */
  body: string;
}

const messenger = fileURLToPath(new URL('./exit-flush-child.js', import.meta.url));

/**
 * Sends what is left when a process is about to end at once, by `process.exit` or an uncaught exception: nothing that
 * takes a turn of the event loop is done any more, so a process of its own does it, and this one waits for that, for
 * at most `ms` milliseconds. OTLP over gRPC is not sent.
 */
export function sendLastWords(remainders: readonly Remainder[], ms: number): void {
  const messages = remainders.flatMap(({ signal, target, items }): Message[] => {
    const { protocol, url, headers } = target;
    if (items.length === 0 || protocol === 'grpc') return [];
    const serializer = loadSerializers()[signal][protocol];
    const body = serializer.serializeRequest(items as never);
    if (!body) return [];
    const contentType = protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';
    return [{ signal, url, headers, contentType, body: Buffer.from(body).toString('base64') }];
  });
  if (messages.length === 0) return;
  const { NODE_OPTIONS: _, ...env } = process.env;
  spawnSync(process.execPath, [messenger], {
    // Not by arguments, which others can read: there are credentials among it.
    input: JSON.stringify(messages),
    env,
    timeout: ms,
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}
