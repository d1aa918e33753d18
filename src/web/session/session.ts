import { useEffect, useRef, useState } from 'preact/hooks';
import {
  ApiError,
  api,
  type Detail,
  type Peaks,
  type RequestState,
  type Timeline,
  type Transcript,
  useRequest,
} from '../api.ts';
import { useChanges } from '../changes.ts';

/** What is shown of a session. */
export interface Session {
  detail: Detail;
  timeline: Timeline;
  transcript: Transcript;
}

/** Uploads come every few seconds, several at a time. Milliseconds. */
const settle = 400;
/** What is made of a long call is work for the gateway: it is asked for no more often. Milliseconds. */
const pause = 3000;

/** A session, which is asked for again whenever it changes; `gone`: it was deleted. */
export function useSession(id: string): RequestState<Session> & { version: number; gone: boolean } {
  const [version, setVersion] = useState(0);
  const [gone, setGone] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const asked = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  useChanges((change) => {
    if (change.type === 'deleted') {
      if (change.id === id) setGone(true);
      return;
    }
    if (change.type === 'session' && change.summary.id !== id) return;
    if (timer.current !== undefined) return;
    const wait = Math.max(settle, asked.current + pause - performance.now());
    timer.current = setTimeout(() => {
      timer.current = undefined;
      asked.current = performance.now();
      setVersion((n) => n + 1);
    }, wait);
  });
  const loaded = useRequest(
    async (signal) => {
      const [detail, timeline, transcript] = await Promise.all([
        api.session(id, signal),
        api.timeline(id, signal),
        api.transcript(id, signal),
      ]);
      return { detail, timeline, transcript };
    },
    [id, version],
  );
  useOverdue(loaded.value?.detail, () => setVersion((n) => n + 1));
  return { ...loaded, version, gone };
}

/** Milliseconds after which a recording is asked for again that is being decoded, or that others wait before. */
const again = { preparing: 2000, busy: 5000 };

/** The waveform of a session's recording; `error`: why it is not drawn. */
export function usePeaks(id: string, bytes: number | undefined): { peaks?: Peaks; error?: string } {
  const [found, setFound] = useState<{ peaks?: Peaks; error?: string }>({});
  useEffect(() => {
    if (bytes === undefined) return;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = () =>
      api.peaks(id, controller.signal).then(
        (answer) => {
          if ('state' in answer) timer = setTimeout(ask, again.preparing);
          else setFound({ peaks: answer });
        },
        (error: Error) => {
          if (controller.signal.aborted) return;
          if (error instanceof ApiError && error.status === 503) timer = setTimeout(ask, again.busy);
          else setFound({ error: error.message });
        },
      );
    ask();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [id, bytes]);
  return found;
}

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
