import type { ChatItem } from '../decode/chat-item.ts';
import type { SpanRecord } from '../decode/records.ts';
import type { SessionReport } from '../decode/session-report.ts';
import type { SessionFiles } from '../store/session-files.ts';
import type { SessionState } from '../store/session-state.ts';
import { outlineOf } from '../store/span-summaries.ts';
import { measurable, type Told } from './uploaded-session.ts';

/** Whether the SDK said that the session ended. */
export const isOver = ({ reported, recorded, ended }: SessionState): boolean =>
  Boolean(reported || recorded || ended);

/** Reads what there is of a session. @throws Error of the file system, or of the bucket */
export async function readTold(files: SessionFiles, state: SessionState): Promise<Told> {
  // A span may have been sent twice.
  const spans = new Map<string, SpanRecord>();
  for await (const span of outlineOf(files, state.sizes)) {
    const taken = measurable(span);
    if (taken && !spans.has(taken.spanId)) spans.set(taken.spanId, taken);
  }
  const sorted = [...spans.values()].sort((a, b) => a.start - b.start);
  const report = await files.read<SessionReport>('report');
  const startedAt = Math.min(
    report?.startedAt ?? state.firstAt ?? state.createdAt,
    sorted[0]?.start ?? Infinity,
  );
  return {
    language: state.identity.language,
    spans: sorted,
    items: (await files.read<ChatItem[]>('transcript')) ?? [],
    report,
    startedAt,
    endedAt: Math.max(startedAt, report?.reportedAt ?? state.lastAt ?? state.receivedAt),
    closeReason: state.closeReason,
    ended: isOver(state),
  };
}
