import type { SessionState, Verdict } from '../store/session-state.ts';
import type { Told } from './uploaded-session.ts';

/**
 * Who measures a session. What either its report or a span says is enough: to leave one out is better than to have it in two
 * places, as with an SDK that keeps the marker out of its report.
 */
export function verdictOf({ observed }: SessionState, { report, spans, items }: Told): Verdict {
  if (observed) return 'observed';
  return report || spans.length > 0 || items.length > 0 ? 'measured' : 'untold';
}
