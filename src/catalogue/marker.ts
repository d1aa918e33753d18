/**
 * The name of an attribute that `observe` sets where the SDK uploads it: on spans, and among the session's options, which
 * are in its report. The gateway does not measure a session with this marker, because the worker does.
 */
export const observedMarker = 'talkgauge.observed';

/**
 * Names of attributes that mark uploaded data which the job also exports to a backend of traces or logs itself: a span, a
 * log line, the records of its conversation, or that of its report. The gateway does not forward these.
 */
export const exportedMarkers = {
  traces: 'talkgauge.exported.traces',
  logs: 'talkgauge.exported.logs',
  conversation: 'talkgauge.exported.conversation',
  report: 'talkgauge.exported.report',
} as const;

/** The signals that a job may export itself. */
export type ExportedSignal = keyof typeof exportedMarkers;

const markers: ReadonlySet<string> = new Set(Object.values(exportedMarkers));

/** Whether an attribute is only for the gateway. */
export const isExportedMarker = (name: string): boolean => markers.has(name);
