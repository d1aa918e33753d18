import type { Readable } from 'node:stream';
import { type Observation, observation } from '../../catalogue/observation.ts';
import { SessionObserver } from '../../session/session-observer.ts';
import { inSeconds } from './sdk-event.ts';

export interface ReplaySummary {
  /** Events that were replayed. */
  events: number;
  /** Lines that were skipped; `onProblem` was called for each. */
  skipped: number;
}

type About = Pick<ReplayedReport, 'agentName' | 'agentVersion'>;

export interface ReplayOptions {
  input: Readable;
  /** @param about the identity in a report that contained the event */
  sink(observation: Observation, about?: About): void;
  /** Called for each line that cannot be replayed, with its number from 1. */
  onProblem(line: number, problem: string): void;
}

/**
 * Replays a recording of session events (JSON Lines: `{session, event, payload}`, as `observe`'s `recordTo`
 * writes them) through the code that observes a live session. A line may be a session report, too: then the events that it
 * lists are replayed. A line, or an event of a report, that is malformed is skipped.
 *
 * @throws if the input cannot be read
 */
export async function replay({ input, sink, onProblem }: ReplayOptions): Promise<ReplaySummary> {
  const sessions = new Map<string, SessionObserver>();
  const summary: ReplaySummary = { events: 0, skipped: 0 };
  let number = 0;
  let about: About | undefined;
  const guarded = (work: () => void) => {
    try {
      work();
    } catch (error) {
      summary.skipped += 1;
      onProblem(number, (error as Error).message);
    }
  };
  const step = (line: Line) => {
    const observer = sessions.get(line.session) ?? new SessionObserver();
    sessions.set(line.session, observer);
    for (const sample of observe(observer, line)) sink(sample, about);
    // A session may be started again after its close.
    if (line.event === 'close') sessions.delete(line.session);
    summary.events += 1;
  };
  const finish = () => {
    for (const observer of sessions.values()) for (const sample of observer.ended()) sink(sample, about);
    sessions.clear();
  };
  for await (const text of linesOf(input)) {
    number += 1;
    if (text?.trim() === '') continue;
    guarded(() => {
      const document = parse(text);
      const report = reportLines(document);
      if (!report) return step(lineOf(document));
      finish();
      about = report;
      for (const line of report.lines) guarded(() => step(line));
      finish();
      about = undefined;
    });
  }
  finish();
  return summary;
}

function observe(observer: SessionObserver, { event, payload, repeated }: Line): Observation[] {
  if (!observer.knows(event)) throw new Error(`unknown event ${JSON.stringify(event.slice(0, 64))}`);
  if (!repeated) return observer.handle(event, inSeconds(event, payload as never));
  return [observation('talkgauge_duplicate_events_total', { type: typeOf(payload) }, 1)];
}

/** The type of a metrics event or an error. */
function typeOf(payload: { metrics?: { type?: unknown }; error?: { type?: unknown } }): string {
  return String((payload.metrics ?? payload.error)?.type);
}

function parse(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) throw new Error('too long');
  try {
    // trim() also removes a byte order mark.
    return JSON.parse(text.trim()) ?? {};
  } catch {
    throw new Error('not JSON');
  }
}

function lineOf({ session, event, payload, repeated }: Readonly<Record<string, unknown>>): Line {
  if (typeof event !== 'string') throw new Error('no event');
  if (typeof payload !== 'object' || payload === null) throw new Error('no payload');
  return { session: typeof session === 'string' ? session : '', event, payload, repeated: repeated === true };
}

/** A line of a recording: an event of a session. */
export interface Line {
  session: string;
  event: string;
  payload: object;
  /** Whether another session in the process had counted the event already. */
  repeated: boolean;
}

/** The part of a session report that is replayed. */
export interface ReplayedReport {
  agentName: string;
  agentVersion: string;
  lines: Line[];
}

type Plain = Readonly<Record<string, unknown>>;

/**
 * The events of a session report, as lines of a recording; undefined: not a report.
 *
 * @throws if the report lists no events, or has an unknown format
 */
export function reportLines(document: Plain): ReplayedReport | undefined {
  const { schemaVersion, session, agentName, agentVersion, events } = document;
  if (schemaVersion === undefined || !Array.isArray(events)) return undefined;
  if (schemaVersion !== 1) {
    throw new Error(`a session report of version ${String(schemaVersion)}; this Talkgauge reads version 1`);
  }
  if (events.length === 0) {
    throw new Error('a session report without events: it was written with the switch `logs` off');
  }
  return {
    agentName: String(agentName ?? 'unknown'),
    agentVersion: String(agentVersion ?? 'unknown'),
    lines: events.map((event: Plain) => ({
      session: String(session),
      event: String(event?.type),
      payload: event,
      repeated: event?.repeated === true,
    })),
  };
}

/** The longest line that is read, in characters; no event of the SDK comes near it. */
const maxLength = 16 * 1024 * 1024;

/**
 * Splits a stream of UTF-8 into lines, ended by `\n` or `\r\n`. A line that is too long is discarded, and yielded as
 * undefined. (`node:readline` takes U+2028 for a line's end, which JSON leaves in texts.)
 */
export async function* linesOf(input: Readable): AsyncGenerator<string | undefined> {
  let rest = '';
  let tooLong = false;
  const lineOf = (end: string) => {
    const line = tooLong || rest.length + end.length > maxLength ? undefined : rest + end;
    rest = '';
    tooLong = false;
    return line?.endsWith('\r') ? line.slice(0, -1) : line;
  };
  for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>) {
    const ends = chunk.split('\n');
    const last = ends.pop() as string;
    for (const end of ends) yield lineOf(end);
    tooLong ||= rest.length + last.length > maxLength;
    rest = tooLong ? '' : rest + last;
  }
  if (rest || tooLong) yield lineOf('');
}
