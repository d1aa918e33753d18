import type { RequestHandler } from 'express';
import type { SessionStore } from '../store/session-store.ts';
import type { SessionSummary } from '../store/summary.ts';
import { shown } from './detail.ts';

/** Readers at a time: each takes a connection. */
const maxReaders = 200;
const heartbeatMs = 25_000;
/** What a reader that does not read may have waiting, in bytes. */
const maxWaiting = 1024 * 1024;
/** Milliseconds after which a stream ends. Its reader asks again, and needs a login that still holds. */
const longest = 600_000;

/** Tells readers of changes as they happen, as server-sent events. */
export function createChanges(store: Pick<SessionStore, 'events'>, maxAge = longest): RequestHandler {
  let readers = 0;
  return (_request, response) => {
    if (readers >= maxReaders)
      return void response.status(503).json({ error: 'Too many readers follow the changes' });
    readers++;
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    response.write(': changes follow\n\n');
    const send = (event: string, data: unknown) => {
      if (response.writableLength > maxWaiting) return void response.destroy();
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const changed = (id: string, summary: SessionSummary | undefined) =>
      summary ? send('session', shown(summary, Date.now() / 1000)) : send('deleted', { id });
    store.events.on('sessionChanged', changed);
    const heartbeat = setInterval(() => response.write(': still here\n\n'), heartbeatMs);
    const end = setTimeout(() => response.end(), maxAge);
    response.once('close', () => {
      readers--;
      clearTimeout(end);
      clearInterval(heartbeat);
      store.events.off('sessionChanged', changed);
    });
  };
}
