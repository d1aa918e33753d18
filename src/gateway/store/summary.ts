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
  /** The end of the session, or its last data. */
  end: number;
  turns: number;
  latencyP50?: number;
  latencyP95?: number;
  /** Whether a realtime model spoke. */
  realtime?: true;
  interruptions: number;
  toolCalls: number;
  toolErrors: number;
  /** US dollars; undefined until the report was received. */
  cost?: number;
  /** Whether the cost excludes usage without a known price. */
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
  /** Whether the SDK has sent its last upload. */
  complete: boolean;
  /** The time of the last upload. */
  receivedAt: number;
  /** Size on disk, or in the bucket. */
  bytes: number;
  /** Whether its files are in the bucket. */
  archived?: boolean;
}

/** `lost`: no upload for a while, and no report: the job crashed, or could not reach the gateway. */
export type SessionStatus = 'live' | 'complete' | 'failed' | 'lost';

/** Seconds without an upload after which an unfinished session no longer counts as live. */
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
    // Usage without a price is not free: if there is no other usage, the cost is unknown.
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
