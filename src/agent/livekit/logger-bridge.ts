import type { Attributes, Context } from '@opentelemetry/api';
import { holdsContent, redactedMessage } from '../../catalogue/content.ts';
import { loggerKey, multistreamOf } from '../../private-apis/readers.ts';
import type { LogItem, Severity } from '../telemetry/log-pipeline.ts';

export interface LoggerBridgeOptions {
  emit(item: LogItem): void;
  /** Whether attributes with content, and messages of errors, are kept. */
  allowPii(): boolean;
  /** The span of lines that are written outside of a span. */
  context(): Context;
}

/**
 * Passes every line of the SDK's logger to `emit` from now on, even if the logger is created later. Its other outputs are
 * unchanged. Returns a function that stops it.
 */
export function bridgeLogger(options: LoggerBridgeOptions): () => void {
  const holder = globalThis as unknown as Record<symbol, unknown>;
  let logger = holder[loggerKey];
  let stopped = false;
  const bridged = new WeakSet<object>();
  const stream = {
    write: (line: string) => {
      try {
        if (!stopped) forward(line, options);
      } catch {
        // Errors must not reach the caller of the logger.
      }
    },
  };
  const bridge = () => {
    if (logger === undefined) return;
    const target = multistreamOf(logger);
    if (!target || bridged.has(target)) return;
    bridged.add(target);
    target.add({ level: 0, stream });
  };
  bridge();
  // The SDK creates the logger when the process initialises, long after this call, and again for its job.
  Object.defineProperty(holder, loggerKey, {
    configurable: true,
    enumerable: true,
    get: () => logger,
    set: (made: unknown) => {
      logger = made;
      bridge();
    },
  });
  return () => {
    stopped = true;
    Object.defineProperty(holder, loggerKey, {
      configurable: true,
      enumerable: true,
      writable: true,
      value: logger,
    });
  };
}

/** pino's levels are steps of ten. */
const severityOf = (level: unknown): Severity =>
  (['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const)[
    Math.min(5, Math.max(0, Math.ceil(Number(level) / 10) - 1 || 0))
  ] ?? 'INFO';

/** Fields of the line itself, and attributes that every record has anyway. */
const taken = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'v', 'jobID', 'job_id', 'room_id']);

/** Attributes in which the SDK logs the message of an error that it has caught. */
const errorKeys = /^(?:err(?:or)?|exception|cause)$/i;

function forward(line: string, { emit, allowPii: isAllowed, context }: LoggerBridgeOptions): void {
  const allowPii = isAllowed();
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(line);
  } catch {
    return;
  }
  const attributes: Attributes = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (taken.has(key) || value === null || value === undefined) continue;
    if (!allowPii && typeof value === 'string' && errorKeys.test(key)) attributes[key] = redactedMessage;
    else if (isError(value)) Object.assign(attributes, exception(value, allowPii));
    else if (allowPii || !holdsContent(key)) attributes[key] = plain(value, allowPii);
  }
  emit({
    signal: 'log',
    at: typeof parsed.time === 'number' ? parsed.time : Date.now(),
    severity: severityOf(parsed.level),
    body: bodyOf(parsed, allowPii),
    attributes,
    context: context(),
  });
}

/** A line's own text; pino takes an error's message for that of a line that has none. */
function bodyOf({ msg, err }: Record<string, unknown>, allowPii: boolean): string {
  if (typeof msg !== 'string') return '';
  return !allowPii && isError(err) && err.message === msg ? `${err.type}: ${redactedMessage}` : msg;
}

interface SerializedError {
  type?: string;
  name?: string;
  message: string;
  stack?: string;
}

/** pino's serialization of errors. */
const isError = (value: unknown): value is SerializedError =>
  typeof value === 'object' && value !== null && 'message' in value && ('type' in value || 'stack' in value);

/** A stack begins with the message, which may quote anything; the stack frames are not content. */
export function exception(
  { type, name = 'Error', message, stack = '' }: SerializedError,
  allowPii: boolean,
): Attributes {
  const where = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return {
    'exception.type': type ?? name,
    'exception.message': allowPii ? message : redactedMessage,
    [allowPii ? 'exception.stacktrace' : 'code.stacktrace']: allowPii ? stack : where.join('\n'),
  };
}

function plain(value: unknown, allowPii: boolean): string | number | boolean {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return JSON.stringify(value, (key, inner) => {
    if (!allowPii && holdsContent(key)) return undefined;
    if (!allowPii && typeof inner === 'string' && errorKeys.test(key)) return redactedMessage;
    if (!allowPii && isError(inner)) return { type: inner.type, message: redactedMessage };
    return inner;
  });
}
