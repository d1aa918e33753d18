import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import type { Summary } from './api.ts';

export type Change =
  | { type: 'session'; summary: Summary }
  | { type: 'deleted'; id: string }
  /** Changes may have been missed: views have to reload. */
  | { type: 'missed' };

/** Live updates of sessions. */
export interface Changes {
  /** Whether updates are received at the moment. */
  readonly connected: boolean;
  /** Returns a function that unsubscribes. */
  subscribe(listener: (change: Change) => void): () => void;
  /** Calls back when `connected` changes. */
  onConnection(listener: () => void): () => void;
}

const retryMs = 5_000;

/**
 * Receives the gateway's server-sent events over one connection for all views. A hidden tab closes it: a browser has
 * only six connections for a server, which all tabs share.
 */
export function followChanges(address = '/api/events'): Changes {
  const listeners = new Set<(change: Change) => void>();
  const watchers = new Set<() => void>();
  let source: EventSource | undefined;
  let connected = false;
  /** Whether changes may have been missed since the views loaded their data. */
  let mayHaveMissed = document.hidden;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const notify = (change: Change) => {
    for (const listener of [...listeners]) listener(change);
  };
  const setConnected = (now: boolean) => {
    if (now === connected) return;
    connected = now;
    for (const watcher of [...watchers]) watcher();
  };
  const close = () => {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  };
  const open = () => {
    close();
    source = new EventSource(address);
    source.onopen = () => {
      setConnected(true);
      if (mayHaveMissed) notify({ type: 'missed' });
      mayHaveMissed = false;
    };
    source.onerror = () => {
      mayHaveMissed = true;
      setConnected(false);
      // After a response that is no stream, such as 401 or 503, the browser does not reconnect.
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, retryMs);
    };
    source.addEventListener('session', ({ data }) => notify({ type: 'session', summary: JSON.parse(data) }));
    source.addEventListener('deleted', ({ data }) => notify({ type: 'deleted', id: JSON.parse(data).id }));
  };
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      close();
      mayHaveMissed = true;
      setConnected(false);
    } else if (!source) open();
  });
  if (!document.hidden) open();

  const add = <T>(set: Set<T>, listener: T) => {
    set.add(listener);
    return () => void set.delete(listener);
  };
  return {
    get connected() {
      return connected;
    },
    subscribe: (listener) => add(listeners, listener),
    onConnection: (listener) => add(watchers, listener),
  };
}

const ChangesContext = createContext<Changes | undefined>(undefined);

export const ChangesProvider = ChangesContext.Provider;

/** Calls `listener` for each change while the component is mounted. */
export function useChanges(listener: (change: Change) => void): void {
  const changes = useContext(ChangesContext);
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => changes?.subscribe((change) => latest.current(change)), [changes]);
}

/** Whether updates are received at the moment. */
export function useConnected(): boolean {
  const changes = useContext(ChangesContext);
  const [connected, setConnected] = useState(changes?.connected ?? false);
  useEffect(() => {
    setConnected(changes?.connected ?? false);
    return changes?.onConnection(() => setConnected(changes.connected));
  }, [changes]);
  return connected;
}
