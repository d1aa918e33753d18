import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SessionEventName, SessionEvents } from '../../session/events.ts';
import { allTexts, noTexts, plain } from './plain-event.ts';

export interface Recording {
  /** @param repeated whether another session in this process has counted the event */
  write<E extends SessionEventName>(name: E, event: SessionEvents[E], repeated?: boolean): void;
  /** Resolves when everything is on disk. */
  close(): Promise<void>;
}

export interface RecordingOptions {
  /** The job's id, with which the session's name in the recording begins; a job may have several sessions. */
  job?: string;
  /** Whether to write what was said. */
  transcripts: boolean;
  /** Whether it is to be left out all the same; asked each time, because LiveKit may demand redaction when a session starts. */
  withheld?(): boolean;
}

/** Never recorded: the events that the series do not need and that tell most. */
const unrecorded: ReadonlySet<SessionEventName> = new Set(['debug_message', 'user_input_transcribed']);

/** How much may wait for a slow disk, in bytes; more is not recorded. */
const maxWaiting = 8 * 1024 * 1024;

/**
 * Writes a session's events as JSON Lines, `{t, session, event, payload}`, which `talkgauge replay` reads.
 * A file is appended to; `to` may be a folder (it ends in /), and then each session has its own.
 *
 * @throws if the file cannot be opened
 */
export function startRecording(to: string, options: RecordingOptions): Recording {
  const { job = 'session', transcripts, withheld = () => false } = options;
  const session = `${job.replace(/[^\w.-]/g, '_')}-${randomUUID()}`;
  const file = to.endsWith('/') ? join(to, `${session}.jsonl`) : to;
  const stream = createWriteStream(file, { fd: open(file) });
  let working = true;
  stream.on('error', (error) => {
    if (working) console.warn(`talkgauge: the recording ${file} ends here: ${error.message}`);
    working = false;
  });
  const startedAt = Date.now();
  return {
    write(event, payload, repeated) {
      if (!working || stream.writableLength > maxWaiting) return;
      const withText = transcripts && !withheld();
      if (unrecorded.has(event) && !withText) return;
      const texts = withText ? allTexts : noTexts;
      const line = { t: Date.now() - startedAt, session, event, payload: plain(payload, texts) };
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
