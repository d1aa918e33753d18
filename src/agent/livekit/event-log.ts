import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SessionEventName } from '../../session/events.ts';
import type { SdkEvents } from './sdk-event.ts';

export interface EventLog {
  /** @param repeated whether another session in this process has counted the event */
  write<E extends SessionEventName>(name: E, event: SdkEvents[E], repeated?: boolean): void;
  /** Resolves when everything is on disk. */
  close(): Promise<void>;
}

export interface EventLogOptions {
  /** The job's id, with which the session's name in the recording begins; a job may have several sessions. */
  job?: string;
  /** Whether to write transcripts and arguments and results of tools. */
  transcripts: boolean;
  /**
   * Whether content must be omitted anyway. Called for each event, because LiveKit may demand redaction when a session
   * starts.
   */
  withheld?(): boolean;
}

/** Events that contain content and that no series needs: logged only with transcripts. */
const unrecorded: ReadonlySet<SessionEventName> = new Set(['debug_message', 'user_input_transcribed']);

/** Bytes that may wait for a slow disk; further events are dropped. */
const maxWaiting = 8 * 1024 * 1024;

/**
 * Writes a session's events as JSON Lines, `{t, session, event, payload}`, which `talkgauge replay` reads.
 * A file is appended to; `to` may be a folder (it ends in /), and then each session has its own.
 *
 * @throws if the file cannot be opened
 */
export function openEventLog(to: string, options: EventLogOptions): EventLog {
  const { job = 'session', transcripts, withheld = () => false } = options;
  const session = `${job.replace(/[^\w.-]/g, '_')}-${randomUUID()}`;
  const file = to.endsWith('/') ? join(to, `${session}.jsonl`) : to;
  const stream = createWriteStream(file, { fd: open(file) });
  let working = true;
  stream.on('error', (error) => {
    if (working) console.warn(`talkgauge: the event log ${file} ends here: ${error.message}`);
    working = false;
  });
  const startedAt = Date.now();
  return {
    write(event, payload, repeated) {
      if (!working || stream.writableLength > maxWaiting) return;
      const withText = transcripts && !withheld();
      if (unrecorded.has(event) && !withText) return;
      const texts = withText ? withTexts : withoutTexts;
      const line = { t: Date.now() - startedAt, session, event, payload: toPlainData(payload, texts) };
      stream.write(`${JSON.stringify(repeated ? { ...line, repeated } : line)}\n`);
    },
    close() {
      working = false;
      return new Promise((resolve) => stream.end(resolve));
    },
  };
}

function open(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, 'a', 0o600);
  } catch (error) {
    throw new Error(`recordTo: ${(error as Error).message}; give a file or folder that can be written`);
  }
}

/** Which texts of an event are kept. */
export interface TextPolicy {
  /** Fields that are omitted as a whole. */
  leftOut: ReadonlySet<string>;
  /** The text to keep, or undefined for none. */
  keep(text: string, field: string): string | undefined;
}

/** Fields with content: transcripts, and arguments and results of tools. */
const contentFields = ['content', 'transcript', 'args', 'output', 'extra'];
/** Fields with instructions or error texts, which may quote content. */
export const unspokenTextFields: readonly string[] = ['message', 'stack', 'instructions'];
/** Fields whose values are enums of the SDK, except inside content. */
const enumFields = new Set(['type', 'role', 'oldState', 'newState']);
/** Fields whose texts are names, states and ids. Any other text may be content. */
const names = new Set([
  ...['type', 'name', 'label', 'model', 'provider', 'modelProvider', 'modelName', 'role', 'source', 'reason'],
  ...['oldState', 'newState', 'oldAgentId', 'newAgentId'],
  ...['id', 'requestId', 'segmentId', 'speechId', 'callId', 'groupId', 'providerRequestIds'],
]);

/** Names, states and ids, without any other text. */
export const namesOnly = (keep: TextPolicy['keep']): TextPolicy => ({
  leftOut: new Set([...contentFields, ...unspokenTextFields]),
  keep: (text, field) => (names.has(field) ? keep(text, field) : undefined),
});

export const withoutTexts: TextPolicy = namesOnly((text) => text);
export const withTexts: TextPolicy = { leftOut: new Set(), keep: (text) => text };

/** Objects of the SDK that are not data, and audio. */
const skipped = new Set(['speechInput', 'probabilities', '_events', 'doneCallbacks']);

/**
 * An event as plain data. The SDK's own `toJSON` would omit the times of a tool call and its output, and events contain
 * objects (speech handles, models) that are not data.
 */
export function toPlainData(
  value: unknown,
  texts: TextPolicy,
  field = '',
  depth = 0,
  inContent = false,
): unknown {
  if (typeof value === 'string')
    return enumFields.has(field) && !inContent ? value : texts.keep(value, field);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
  if (depth > 6 || ArrayBuffer.isView(value)) return undefined;
  if (Array.isArray(value)) return value.map((item) => toPlainData(item, texts, field, depth + 1, inContent));
  const entries = Object.entries(projected(value as Record<string, unknown>))
    .filter(([name]) => !skipped.has(name) && !texts.leftOut.has(name))
    .map(([name, inner]) => [
      name,
      toPlainData(inner, texts, name, depth + 1, inContent || contentFields.includes(name)),
    ]);
  return Object.fromEntries(entries);
}

/** Replaces an object that is not plain data by its relevant fields. */
function projected(value: Record<string, unknown>): Record<string, unknown> {
  if (value instanceof Error) {
    const { name, message, type, label, recoverable, timestamp } = value as Error & Record<string, unknown>;
    return { name, message, type, label, recoverable, timestamp };
  }
  if ('addDoneCallback' in value) return { id: value.id, interrupted: value.interrupted };
  // A model: an event emitter with a label.
  if ('emit' in value) {
    const { model, provider } = value;
    const label = typeof value.label === 'function' ? (value.label as () => string)() : value.label;
    return { label, model, provider };
  }
  return value;
}
