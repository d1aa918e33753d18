import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Sink } from '../catalogue/observation.ts';
import { type SessionEventName, SessionObserver } from './session-events.ts';

export interface ReplaySummary {
  /** Events that were replayed. */
  events: number;
  /** Lines that were not, each of which was told to `onProblem`. */
  skipped: number;
}

export interface ReplayOptions {
  input: Readable;
  sink: Sink;
  /** Told of each line that cannot be replayed, by its number from 1. */
  onProblem(line: number, problem: string): void;
}

interface Line {
  session: string;
  event: string;
  payload: object;
}

/**
 * Replays a recording of session events (JSON Lines: `{session, event, payload}`, as `observe`'s `recordTo`
 * writes them) through the code that observes a live session. A line that is malformed is skipped.
 */
export async function replay({ input, sink, onProblem }: ReplayOptions): Promise<ReplaySummary> {
  const sessions = new Map<string, SessionObserver>();
  const summary: ReplaySummary = { events: 0, skipped: 0 };
  let number = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (text.trim() === '') continue;
    try {
      const { session, event, payload } = parse(text);
      const observer = sessions.get(session) ?? new SessionObserver();
      sessions.set(session, observer);
      if (!observer.knows(event)) throw new Error(`unknown event ${JSON.stringify(event.slice(0, 64))}`);
      for (const observation of observer.handle(event as SessionEventName, payload as never))
        sink(observation);
      summary.events += 1;
    } catch (error) {
      summary.skipped += 1;
      onProblem(number, (error as Error).message);
    }
  }
  return summary;
}

function parse(text: string): Line {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    throw new Error('not JSON');
  }
  const { session, event, payload } = (line ?? {}) as Record<string, unknown>;
  if (typeof event !== 'string') throw new Error('no event');
  if (typeof payload !== 'object' || payload === null) throw new Error('no payload');
  return { session: typeof session === 'string' ? session : '', event, payload };
}
