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

/** The data of the session view. */
export interface Session {
  detail: Detail;
  timeline: Timeline;
  transcript: Transcript;
}

/** Delay before a reload, in milliseconds: uploads arrive every few seconds, several at a time. */
const debounceMs = 400;
/** Minimum interval between reloads, in milliseconds: decoding a long call is expensive for the gateway. */
const minIntervalMs = 3000;

/** Loads a session, and reloads it whenever it changes; `gone`: it was deleted. */
export function useSession(id: string): RequestState<Session> & { version: number; gone: boolean } {
  const [version, setVersion] = useState(0);
  const [gone, setGone] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const requestedAt = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  useChanges((change) => {
    if (change.type === 'deleted') {
      if (change.id === id) setGone(true);
      return;
    }
    if (change.type === 'session' && change.summary.id !== id) return;
    if (timer.current !== undefined) return;
    const wait = Math.max(debounceMs, requestedAt.current + minIntervalMs - performance.now());
    timer.current = setTimeout(() => {
      timer.current = undefined;
      requestedAt.current = performance.now();
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

/** Milliseconds before a retry, while the recording is being decoded or the decoder is busy. */
const retryMs = { preparing: 2000, busy: 5000 };

/** The waveform of a session's recording; `error`: why it is not shown. */
export function usePeaks(id: string, bytes: number | undefined): { peaks?: Peaks; error?: string } {
  const [found, setFound] = useState<{ peaks?: Peaks; error?: string }>({});
  useEffect(() => {
    if (bytes === undefined) return;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const request = () =>
      api.peaks(id, controller.signal).then(
        (response) => {
          if ('state' in response) timer = setTimeout(request, retryMs.preparing);
          else setFound({ peaks: response });
        },
        (error: Error) => {
          if (controller.signal.aborted) return;
          if (error instanceof ApiError && error.status === 503) timer = setTimeout(request, retryMs.busy);
          else setFound({ error: error.message });
        },
      );
    request();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [id, bytes]);
  return found;
}

/** Seconds after the last upload of a live session at which its status is checked: it counts as lost after 120. */
const lostCheckSeconds = 125;
/** Minimum seconds between checks, in case the clocks of gateway and browser differ. */
const minCheckSeconds = 30;

/**
 * Calls `onOverdue` when a session has sent nothing for so long that it no longer counts as live. There is no event for
 * that: a crashed job sends nothing.
 */
export function useOverdue(detail: Detail | undefined, onOverdue: () => void): void {
  const latest = useRef(onOverdue);
  latest.current = onOverdue;
  useEffect(() => {
    if (detail?.status !== 'live') return;
    const left = detail.receivedAt + lostCheckSeconds - Date.now() / 1000;
    const wait = Math.min(lostCheckSeconds, Math.max(minCheckSeconds, left));
    const timer = setTimeout(() => latest.current(), wait * 1000);
    return () => clearTimeout(timer);
  }, [detail]);
}
