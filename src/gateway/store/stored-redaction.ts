import type { ChatItem } from '../decode/chat-item.ts';
import type { LogRecord, SpanRecord } from '../decode/records.ts';
import type { SessionReport } from '../decode/session-report.ts';
import { scrubbedItem, scrubbedLog, scrubbedReport, scrubbedSpan } from '../redact/scrub-stored.ts';
import type { Log, SessionFiles } from './session-files.ts';
import type { SessionState, Sizes } from './session-state.ts';

async function rewrite<T>(
  files: SessionFiles,
  log: Log,
  size: number,
  scrubbed: (record: T) => T,
): Promise<number> {
  const kept: T[] = [];
  for await (const record of files.records<T>(log, size)) kept.push(scrubbed(record));
  return files.append(log, 0, kept);
}

/**
 * Takes what is personal out of what is stored of a session, when it turns out that it is to be redacted.
 *
 * @param keepAudio whether recordings of redacted sessions are kept
 */
export async function redactStored(
  files: SessionFiles,
  state: SessionState,
  keepAudio: boolean,
): Promise<SessionState> {
  const items = await files.read<ChatItem[]>('transcript');
  if (items) await files.write('transcript', items.map(scrubbedItem));
  const report = await files.read<SessionReport>('report');
  if (report) await files.write('report', scrubbedReport(report));
  if (await files.read('evaluations')) await files.write('evaluations', {});
  // The outline is made anew of them.
  const sizes: Sizes = {
    spans: await rewrite<SpanRecord>(files, 'spans', state.sizes.spans, scrubbedSpan),
    logs: await rewrite<LogRecord>(files, 'logs', state.sizes.logs, scrubbedLog),
  };
  const redacted: SessionState = {
    ...state,
    sizes,
    identity: { ...state.identity, roomName: undefined, redacted: true },
  };
  if (redacted.audio && !keepAudio) {
    await files.removeAudio();
    redacted.audio = undefined;
    redacted.audioDropped = 'redacted';
  }
  return redacted;
}
