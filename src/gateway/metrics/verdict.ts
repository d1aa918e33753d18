import { observedMarker } from '../../catalogue/marker.ts';
import type { SessionState, Verdict } from '../store/session-state.ts';
import type { Told } from './told.ts';

/** Who measures a session. Its report knows best: spans may be of another session in the same job. */
export function verdictOf({ observed }: SessionState, { report, spans, items }: Told): Verdict {
  if (report ? report.options[observedMarker] === true : observed) return 'observed';
  return report || spans.length > 0 || items.length > 0 ? 'measured' : 'untold';
}
