import { trace } from '@opentelemetry/api';
import { observedMarker } from '../../catalogue/marker.ts';

/**
 * Leaves word for the gateway that a session is observed, where the SDK uploads it: among the session's options, which are in its
 * report, and on each span in which something is told, for a job that dies before its report.
 *
 * @returns marks the span that is active
 */
export function markObserved(session: object): () => void {
  const { sessionOptions } = session as { sessionOptions?: Record<string, unknown> };
  // Of no session of another version of the SDK is it known whether that may be written to.
  if (sessionOptions && Object.isExtensible(sessionOptions)) sessionOptions[observedMarker] = true;
  return () => {
    const span = trace.getActiveSpan();
    if (span?.isRecording()) span.setAttribute(observedMarker, true);
  };
}
