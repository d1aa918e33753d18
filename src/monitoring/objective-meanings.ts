import type { Objectives } from '../catalogue/objectives.ts';

/** What each objective says, as a table shows it; one that is added does not compile until it is here. */
export const objectiveMeanings: { readonly [O in keyof Objectives]-?: string } = {
  turnLatency: 'Share of the turns, over 30 days, that are answered within so many seconds',
  turnLatencyTail: 'The same for what callers should hardly ever wait for',
  sessionSuccess: 'Share of the sessions, over 30 days, that neither fail nor crash',
  firstResponse: "p95 of the time to the agent's first word, in seconds",
  deadAir: 'Silence after the caller spoke that is dead air, in seconds',
  deadAirRatio: 'Share of those silences that may be dead air',
  toolDuration: 'p95 of the time that a tool takes, in seconds',
  toolErrorRatio: "Share of a tool's calls that may fail",
  providerErrorRatio: "Share of a provider's requests that may fail",
  crashRatio: 'Share of the jobs, or of the sessions, that may end by a crash',
  recordingErrorRatio: 'Share of the recordings of rooms that may fail',
  unansweredRatio: 'Share of the turns that may get no answer',
  falseInterruptionRatio: 'False interruptions for each turn',
  earlyHangup: 'Duration of a call that is an early hang-up, in seconds',
  earlyHangupRatio: 'Share of the sessions that may be early hang-ups',
  costPerMinute: 'US dollars for a minute of session, over an hour',
  loadThreshold: "Load from which on a worker refuses new jobs: your agents' `loadThreshold`",
  workerLoad: 'Load above which the calls of a worker suffer',
  networkLossRatio: "Mean share of lost audio packets, as LiveKit's server sees them",
  networkRttSeconds: "p95 of the round trip to LiveKit's server, in seconds",
  networkJitterSeconds: "p95 of jitter at LiveKit's server, in seconds",
};
