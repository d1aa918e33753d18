/** A line of a recording: an event of a session. */
export interface Line {
  session: string;
  event: string;
  payload: object;
  /** Whether another session in the process had counted the event already. */
  repeated: boolean;
}

/** What a session report has for a replay. */
export interface ReplayedReport {
  agentName: string;
  agentVersion: string;
  lines: Line[];
}

type Plain = Readonly<Record<string, unknown>>;

/**
 * The events that a session report lists, as lines of a recording; undefined: it is no report.
 *
 * @throws if it is one that lists none, or whose format is not known
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
