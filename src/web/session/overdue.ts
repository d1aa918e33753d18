import { useEffect, useRef } from 'preact/hooks';
import type { Detail } from '../api.ts';

/** Seconds after the last upload of a session that runs at which it is looked whether it still does: it is lost at 120. */
const quiet = 125;
/** The least seconds from one look to the next, where the clocks of gateway and browser are apart. */
const least = 30;

/**
 * Calls back when a session has been quiet for so long that it is no longer taken for live. Nobody tells of that: a job that
 * died sends nothing.
 */
export function useOverdue(detail: Detail | undefined, look: () => void): void {
  const latest = useRef(look);
  latest.current = look;
  useEffect(() => {
    if (detail?.status !== 'live') return;
    const left = detail.receivedAt + quiet - Date.now() / 1000;
    const wait = Math.min(quiet, Math.max(least, left));
    const timer = setTimeout(() => latest.current(), wait * 1000);
    return () => clearTimeout(timer);
  }, [detail]);
}
