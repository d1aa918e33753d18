/** A share of events that has to be good, over 30 days. */
export interface Objective {
  /** The share, 0 to 1. */
  ratio: number;
}

/** An objective on a latency: the share of samples at or below `seconds`, which is an upper bound of the histogram's buckets. */
export interface LatencyObjective extends Objective {
  seconds: number;
}

/**
 * The objectives of a fleet. The same number defines a panel's threshold line and an alert's limit. Latencies are in
 * seconds, ratios from 0 to 1.
 */
export interface Objectives {
  /** `lk_agents_turn_e2e_latency_seconds`: the limit for most turns. */
  turnLatency: LatencyObjective;
  /** `lk_agents_turn_e2e_latency_seconds`: the limit for nearly all turns. */
  turnLatencyTail: LatencyObjective;
  /** `lk_agents_sessions_total`: sessions that neither failed nor crashed. */
  sessionSuccess: Objective;
  /** `lk_agents_first_response_seconds`: p95 up to which the start of a call is fine. */
  firstResponse: number;
  /** `lk_agents_dead_air_seconds` after the user spoke: silences beyond it are dead air. */
  deadAir: number;
  /** Share of those silences that may be dead air. */
  deadAirRatio: number;
  /** `lk_agents_tool_duration_seconds`: p95 up to which a tool is fine. */
  toolDuration: number;
  /** Share of a tool's calls that may fail. */
  toolErrorRatio: number;
  /** Share of a provider's requests that may fail. */
  providerErrorRatio: number;
  /** Share of the jobs, or of the sessions, that may end by a crash. */
  crashRatio: number;
  /** `lk_agents_recordings_total`: share of the recordings of rooms that may fail. */
  recordingErrorRatio: number;
  /** Share of the turns that may get no answer. */
  unansweredRatio: number;
  /** Share of the speeches that may be cut off by noise. */
  falseInterruptionRatio: number;
  /** `lk_agents_session_duration_seconds`: a call that ended before this was an early hang-up. */
  earlyHangup: number;
  /** Share of the sessions that may be early hang-ups. */
  earlyHangupRatio: number;
  /** US dollars that a minute of a session may cost, over an hour. @default no limit, only its baseline */
  costPerMinute?: number;
  /** `lk_agents_worker_load` from which on a worker takes no new jobs, 0 to 1: the SDK's `loadThreshold`. */
  loadThreshold: number;
  /** `lk_agents_worker_load` above which the calls of a worker suffer, 0 to 1. */
  workerLoad: number;
  /** `livekit_packet_loss_percent` of LiveKit's server: mean share of the audio packets that may be lost. */
  networkLossRatio: number;
  /** `livekit_rtt_ms`: p95 up to which the round trip between LiveKit's server and a participant is fine, in seconds. */
  networkRttSeconds: number;
  /** `livekit_jitter_us`: p95 up to which jitter is fine, in seconds. */
  networkJitterSeconds: number;
}

/**
 * Targets that the industry publishes: a p95 of 0.8 s (Hamming, voice agent KPIs), 1.5 s (CallSphere); a telephone line adds 0.5
 * to 0.6 s, on which 2.5 s for `telephony` leaves some room. The tail of 5 s is the p95 at which Hamming's incident playbook begins.
 * The network's are those of voice over IP: 150 ms one way (ITU-T G.114), 1 % lost packets and 30 ms of jitter (Cisco, Enterprise QoS).
 */
const standard: Objectives = {
  turnLatency: { seconds: 1.5, ratio: 0.95 },
  turnLatencyTail: { seconds: 5, ratio: 0.99 },
  sessionSuccess: { ratio: 0.99 },
  firstResponse: 3,
  deadAir: 5,
  deadAirRatio: 0.1,
  toolDuration: 5,
  toolErrorRatio: 0.1,
  providerErrorRatio: 0.05,
  crashRatio: 0.1,
  recordingErrorRatio: 0.05,
  unansweredRatio: 0.05,
  falseInterruptionRatio: 0.1,
  earlyHangup: 10,
  earlyHangupRatio: 0.2,
  // The SDK's default in production (`Default.loadThreshold` in worker.ts, and in Python's worker.py).
  loadThreshold: 0.7,
  workerLoad: 0.9,
  networkLossRatio: 0.01,
  networkRttSeconds: 0.3,
  networkJitterSeconds: 0.03,
};

/** Sets of objectives to choose from; `standard` is the default. */
export const profiles = {
  strict: {
    ...standard,
    turnLatency: { seconds: 0.8, ratio: 0.95 },
    sessionSuccess: { ratio: 0.995 },
    firstResponse: 2,
    deadAir: 3,
    toolDuration: 3,
  },
  standard,
  telephony: { ...standard, turnLatency: { seconds: 2.5, ratio: 0.95 }, firstResponse: 5 },
} as const satisfies Record<string, Objectives>;

export type ProfileName = keyof typeof profiles;
