/** Conversation latencies, in seconds: finest where callers notice, with an edge at every objective. */
export const conversation = [
  0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 15, 30,
] as const;

/** Inference on the machine itself or next door, in seconds. */
export const inference = [
  0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5,
] as const;

/** Work that may take longer than a reply: whole completions, syntheses, tools; in seconds. */
export const work = [
  0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 60, 120,
] as const;

/** A whole call, in seconds. */
export const session = [5, 10, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 14400] as const;

export const turnsPerSession = [0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200] as const;

export const tokensPerSecond = [1, 5, 10, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000] as const;

export const ratio = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 1] as const;

/** Silence on the line, in seconds. */
export const silence = [0.2, 0.5, 0.8, 1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 15, 20, 30, 60, 120] as const;

/** Event-loop stalls, in seconds; .1 and .5 are the SDK's own thresholds of warning and error. */
export const stall = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10] as const;

/** The Python SDK's own buckets of `lk_agents_proc_initialize_duration_seconds`. */
export const initialize = [0.1, 0.5, 1, 2, 5, 10] as const;

/** Garbage collections, in seconds; an audio frame is .01 or .02 long. */
export const collection = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1] as const;
