/** What a colour says; the same on every board. Names are Grafana's, which has a shade of each for light and dark. */
export const palette = {
  good: 'green',
  warning: 'orange',
  bad: 'red',
  neutral: 'blue',
  quiet: 'text',
  p50: 'light-blue',
  p95: 'orange',
  p99: 'red',
} as const;

/** The parts of a turn, in the order in which they are stacked; warm is what the caller waits for models. */
export const segmentColours = {
  transcription: 'super-light-blue',
  endpointing: 'blue',
  user_hook: 'purple',
  llm: 'orange',
  tools: 'yellow',
  tts: 'green',
  unattributed: 'semi-dark-blue',
} as const;

/** How requests to models ended. */
export const outcomeColours = {
  ok: 'green',
  empty: 'yellow',
  cancelled: 'blue',
  error: 'red',
} as const;
