import { liveFigures, type SessionState } from './session-state.ts';

/** A session in a list. Times are unix seconds, durations and latencies seconds. */
export interface SessionSummary {
  id: string;
  roomId?: string;
  roomName?: string;
  agent?: string;
  version?: string;
  language?: string;
  sdkVersion?: string;
  start: number;
  /** When it ended, or was last heard of. */
  end: number;
  turns: number;
  latencyP50?: number;
  latencyP95?: number;
  /** Whether a realtime model spoke. */
  realtime?: true;
  interruptions: number;
  toolCalls: number;
  toolErrors: number;
  /** US dollars; undefined until the report has come. */
  cost?: number;
  /** Whether the cost leaves out usage that has no known price. */
  costIncomplete?: boolean;
  closeReason?: string;
  /** Whether the job's entry function threw. */
  entryFailed?: true;
  /** An evaluation of the session: `success`, `fail`, …; Python only. */
  outcome?: string;
  tags?: string[];
  redacted: boolean;
  simulated: boolean;
  hasAudio: boolean;
  audioDropped?: SessionState['audioDropped'];
  hasTranscript: boolean;
  hasTrace: boolean;
  hasLogs: boolean;
  hasReport: boolean;
  /** Whether the SDK has sent what it sends last. */
  complete: boolean;
  /** When the last upload came. */
  receivedAt: number;
  /** On disk, or in the bucket. */
  bytes: number;
  /** Whether its files are in the bucket. */
  archived?: boolean;
}

/** `lost`: nothing has come for a while, and no report: the job died, or could not reach the gateway. */
export type SessionStatus = 'live' | 'complete' | 'failed' | 'lost';

/** After how many seconds without an upload a session that has not ended is no longer taken for live. */
export const liveFor = 120;

export function statusOf(summary: SessionSummary, now: number): SessionStatus {
  if (summary.closeReason === 'error' || summary.entryFailed) return 'failed';
  if (summary.complete) return 'complete';
  return now - summary.receivedAt <= liveFor ? 'live' : 'lost';
}

/** The percentile of values by the nearest rank; `share` is 0 to 1. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export function summaryOf(state: SessionState, bytes: number): SessionSummary {
  const { identity, final, live, reported, counts, cost } = state;
  const figures = final ?? liveFigures(live);
  const start = reported?.startedAt ?? state.firstAt ?? state.createdAt;
  const summary: SessionSummary = {
    id: state.id,
    roomId: identity.roomId,
    roomName: identity.redacted ? undefined : identity.roomName,
    agent: identity.agentName,
    version: identity.agentVersion,
    language: identity.language,
    sdkVersion: state.sdkVersion,
    start,
    end: Math.max(start, reported?.reportedAt ?? state.lastAt ?? state.receivedAt),
    turns: figures.turns,
    latencyP50: percentile(figures.latencies, 0.5),
    latencyP95: percentile(figures.latencies, 0.95),
    realtime: state.realtime,
    interruptions: figures.interruptions,
    toolCalls: figures.toolCalls,
    toolErrors: figures.toolErrors,
    // Usage without a price is not free: of nothing else, no cost is known.
    cost: cost && (cost.usd > 0 || cost.unpriced.length === 0) ? cost.usd : undefined,
    costIncomplete: cost && cost.unpriced.length > 0 ? true : undefined,
    closeReason: state.closeReason,
    entryFailed: state.entryFailed,
    outcome: state.outcome,
    tags: state.tags,
    redacted: identity.redacted,
    simulated: identity.simulated,
    hasAudio: state.audio !== undefined,
    audioDropped: state.audioDropped,
    hasTranscript: counts.items > 0 || live.turns.length > 0,
    hasTrace: counts.spans > 0,
    hasLogs: counts.logs > 0,
    hasReport: reported !== undefined,
    complete: Boolean(reported || state.recorded || state.ended),
    receivedAt: state.receivedAt,
    bytes: bytes + (state.archived ?? 0),
    archived: state.archived === undefined ? undefined : true,
  };
  return Object.fromEntries(
    Object.entries(summary).filter(([, value]) => value !== undefined),
  ) as unknown as SessionSummary;
}
