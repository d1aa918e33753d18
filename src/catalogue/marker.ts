/**
 * The name of an attribute that `observe` sets where the SDK uploads it: on spans, and among the session's options, which are in
 * its report. The gateway leaves a session that bears it to the worker's metrics.
 */
export const observedMarker = 'talkgauge.observed';

/**
 * Names of attributes by which a job says of what it uploads that it sends it to a backend of traces or logs itself: a span, a
 * line of the log, the records of its conversation, or that of its report. The gateway does not hand these on.
 */
export const exportedMarkers = {
  traces: 'talkgauge.exported.traces',
  logs: 'talkgauge.exported.logs',
  conversation: 'talkgauge.exported.conversation',
  report: 'talkgauge.exported.report',
} as const;

/** What a job may send by itself. */
export type ExportedSignal = keyof typeof exportedMarkers;

const markers: ReadonlySet<string> = new Set(Object.values(exportedMarkers));

/** Whether an attribute is there for the gateway only. */
export const isExportedMarker = (name: string): boolean => markers.has(name);
