import { readFile, stat } from 'node:fs/promises';
import type { Derivation } from '../../catalogue/observation.ts';
import { SessionObserver } from '../../session/session-observer.ts';
import { NotAJournal, type Recovered } from '../reports/recovery.ts';
import type { SessionReport } from '../reports/schema.ts';
import { allTexts } from './plain-event.ts';
import { type ReportHead, SessionReportDraft } from './session-report.ts';

/** What a journal begins with. */
export interface JournalHead {
  head: ReportHead;
  content: SessionReport['content'];
  /** Whether the report lists the events that follow: the switch `logs`. */
  events: boolean;
  /** The span in which the session was observed, of the first of the head's traces. */
  spanId?: string;
}

/**
 * The report of a job that has died, by its journal: without a recording, the session's options, and what was not yet on disk.
 *
 * @throws {NotAJournal} if it is none; the system's error if it cannot be read
 */
export async function recoverReport(journal: string, derivation: Derivation): Promise<Recovered> {
  const { mtimeMs } = await stat(journal);
  const [first = '', ...lines] = (await readFile(journal, 'utf8')).split('\n');
  const { head, content, events, spanId } = headOf(first);
  // What it must not hold was left out when it was written.
  const draft = new SessionReportDraft(head, () => ({
    content,
    texts: allTexts,
    edit: allTexts.keep,
    events,
  }));
  const begin = () => new SessionObserver({ onTurnEnd: (turn) => draft.turn(turn) });
  let observer = begin();
  let last = 0;
  for (const line of lines) {
    try {
      const { line: number, repeated, ...event } = JSON.parse(line);
      if (!(number > last) || !observer.knows(event.type)) continue;
      last = number;
      if (!repeated) draft.samples(observer.handle(event.type, event as never));
      draft.event(event.type, event as never, repeated === true);
      // A session may be started again after its close.
      if (event.type === 'close') observer = begin();
    } catch {
      // The last line may be half a line.
    }
  }
  draft.samples(observer.ended());
  draft.lost(mtimeMs);
  const report = draft.report({ at: Date.now(), derivation, recordings: [] });
  return { report, logs: events, ...(spanId !== undefined && { spanId }) };
}

function headOf(line: string): JournalHead {
  try {
    const parsed = JSON.parse(line) as JournalHead;
    if (parsed.head.session && parsed.content) return parsed;
  } catch {
    // Nor is half a line one.
  }
  throw new NotAJournal('it does not begin as a journal does');
}
