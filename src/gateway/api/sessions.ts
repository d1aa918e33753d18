import { pipeline } from 'node:stream/promises';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { z } from 'zod';
import { version } from '../../package.ts';
import type { Waveforms } from '../audio/waveforms.ts';
import type { Evaluation } from '../decode/records.ts';
import type { SessionReport } from '../decode/session-report.ts';
import { factsOf, isDuplicateUsage } from '../decode/span-facts.ts';
import { itemsOf } from '../store/conversation.ts';
import { facets, list, type Query } from '../store/query.ts';
import { isSessionId, type SessionFiles } from '../store/session-files.ts';
import type { SessionState } from '../store/session-state.ts';
import type { SessionStore } from '../store/session-store.ts';
import { spanSummaries } from '../store/span-summaries.ts';
import type { SessionSummary } from '../store/summary.ts';
import type { Telemetry } from '../telemetry.ts';
import { timelineOf } from '../timeline/timeline.ts';
import { peaksWaitMs, sendAudio, sendPeaks } from './audio.ts';
import { detailOf, summaryResponse } from './detail.ts';
import { logsPage } from './logs.ts';
import { openApi } from './openapi.ts';
import { listQuerySchema, logsQuerySchema } from './schema.ts';

export interface ApiOptions {
  store: SessionStore;
  waveforms: Waveforms;
  telemetry: Telemetry;
  /** The URL of Grafana, for links to traces. */
  grafana?: string;
}

interface Found {
  id: string;
  summary: SessionSummary;
  state: SessionState;
  files: SessionFiles;
}

/** Maximum number of concurrent responses of each kind. */
const maxTraces = 8;
const maxRecordings = 64;

const now = () => Date.now() / 1000;

const noAudio = (summary: SessionSummary, state: SessionState): string =>
  detailOf(summary, state, now()).missing.audio ?? 'There is no audio';

/** The routes under /api. */
export function createApi({ store, waveforms, telemetry, grafana }: ApiOptions): Router {
  const api = Router();
  const notFound = (response: Response, error: string) => void response.status(404).json({ error });

  /** Responds with data of a session, or with 404. */
  const session = (
    path: string,
    answer: (found: Found, request: Request, response: Response) => Promise<void>,
  ) =>
    api.get(`/sessions/:id${path}`, async (request, response) => {
      const id = String(request.params.id);
      // An id becomes a path, so that only valid session ids are accepted.
      const summary = isSessionId(id) ? store.index.get(id) : undefined;
      const state = summary && (await store.state(id));
      if (!summary || !state) return notFound(response, 'There is no such session; it may have been deleted');
      await answer({ id, summary, state, files: store.files(id) }, request, response);
    });

  api.get('/sessions', (request, response) => {
    const query = parsedQuery(listQuerySchema, request, response);
    if (!query) return;
    const { sort, ...filters } = query;
    const descending = sort.startsWith('-');
    const page = list(
      store.index,
      { ...filters, sort: sort.replace('-', '') as Query['sort'], descending },
      now(),
    );
    const { limit, offset } = query;
    response.json({
      total: page.total,
      limit,
      offset,
      sessions: page.sessions.map((found) => summaryResponse(found, now())),
    });
  });

  api.get('/facets', (_request, response) => void response.json(facets(store.index, now())));
  api.get('/openapi.json', (_request, response) => void response.json(openApi(version)));
  api.get('/events', createEventStream(store));

  session('', async ({ summary, state }, _request, response) => {
    response.json(detailOf(summary, state, now(), grafana));
  });

  // Responses of up to hundreds of megabytes; a browser that plays a recording keeps its response open.
  api.get('/sessions/:id/trace', concurrencyLimit(maxTraces));
  api.get('/sessions/:id/audio', concurrencyLimit(maxRecordings));

  // Responses that read all spans of a session; every open page requests them at each change.
  const answers = new ResponseCache();
  const shared = (path: string, make: (found: Found) => Promise<unknown>) => {
    store.events.on('sessionChanged', (id) => answers.forget(`${id}${path}`));
    session(path, async (found, _request, response) => {
      const { entry, receivedAt } = found.state;
      const json = await answers.of(`${found.id}${path}`, `${entry} ${receivedAt}`, () => make(found));
      response.type('json').send(json);
    });
  };

  shared('/transcript', async ({ summary, state, files }) => ({
    provisional: state.final === undefined,
    redacted: summary.redacted,
    items: await itemsOf(files, state),
  }));

  shared('/timeline', ({ summary, state, files }) => timelineOf(files, state, summary));

  session('/trace', ({ state, files }, _request, response) => sendTrace(files, state, response));

  session('/logs', async ({ state, files }, request, response) => {
    const query = parsedQuery(logsQuerySchema, request, response);
    if (!query) return;
    const { total, logs } = await logsPage(files, state.sizes.logs, query);
    response.type('json').send(`{"total":${total},"logs":[${logs.join(',')}]}`);
  });

  session('/report', async ({ files, state }, _request, response) => {
    const report = reportOf(await files.read<SessionReport>('report'), state);
    const evaluations = (await files.read<Record<string, Evaluation[]>>('evaluations')) ?? {};
    response.json({ report, evaluations: Object.values(evaluations).flat() });
  });

  session('/peaks', async ({ id, summary, state }, _request, response) => {
    sendPeaks(await waveforms.of(id, peaksWaitMs), summary, noAudio(summary, state), response);
  });

  session('/audio', async ({ state, files, summary }, request, response) => {
    if (!state.audio) return notFound(response, noAudio(summary, state));
    await sendAudio(files, request, response);
  });

  api.delete('/sessions/:id', async (request, response) => {
    const id = String(request.params.id);
    if (!isSessionId(id) || (await store.delete(id)) === 0)
      return notFound(response, 'There is no such session');
    telemetry.count('talkgauge_gateway_sessions_removed_total', { reason: 'request' });
    response.status(204).end();
  });

  api.use((_request, response) => notFound(response, 'Not found; /api/openapi.json lists the API'));
  return api;
}

/** A report, with duplicate usage marked. */
function reportOf(report: SessionReport | undefined, { usageReporters }: SessionState) {
  if (!report) return null;
  const usage = report.usage.map((entry) =>
    isDuplicateUsage(entry, usageReporters) ? { ...entry, repeated: true } : entry,
  );
  return { ...report, usage };
}

/** The query of a request; undefined: it is invalid, and the error response was sent. */
function parsedQuery<S extends z.ZodType>(
  schema: S,
  request: Request,
  response: Response,
): z.output<S> | undefined {
  const { success, data, error } = schema.safeParse(request.query);
  if (success) return data;
  const [issue] = error.issues;
  const name = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue?.path.join('.');
  response.status(400).json({ error: `The parameter ${name} cannot be used: ${issue?.message}` });
  return undefined;
}

/** Streams the spans of a session: those of a long call do not fit into memory twice. */
export async function sendTrace(files: SessionFiles, state: SessionState, response: Response): Promise<void> {
  const factsBySpan: { spanId: string; facts: string }[] = [];
  const last = new Map<string, number>();
  for await (const span of spanSummaries(files, state.sizes)) {
    const facts = factsOf(span, state.identity.language);
    last.set(
      span.spanId,
      factsBySpan.push({ spanId: span.spanId, facts: facts ? JSON.stringify(facts) : '' }) - 1,
    );
  }

  async function* body(): AsyncGenerator<string> {
    yield '{"spans":[';
    let [index, separator] = [0, ''];
    for await (const span of files.lines('spans', state.sizes.spans)) {
      const { spanId = '', facts } = factsBySpan[index] ?? {};
      // A span that was sent twice is shown once.
      if (last.get(spanId) === index++) {
        yield `${separator}${facts ? `${span.slice(0, -1)},"facts":${facts}}` : span}`;
        separator = ',';
      }
    }
    yield ']}';
  }
  response.type('json');
  // The client may disconnect at any time.
  await pipeline(body(), response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}

/** Maximum number of concurrent readers: each uses a connection. */
const maxReaders = 200;
const heartbeatMs = 25_000;
/** Maximum bytes buffered for a slow reader. */
const maxBuffered = 1024 * 1024;
/** Milliseconds after which a stream ends. Its reader reconnects, and needs a login that is still valid. */
const maxStreamMs = 600_000;

/** Streams session changes as server-sent events. */
export function createEventStream(store: Pick<SessionStore, 'events'>, maxAge = maxStreamMs): RequestHandler {
  let readers = 0;
  return (_request, response) => {
    if (readers >= maxReaders)
      return void response.status(503).json({ error: 'Too many readers follow the changes' });
    readers++;
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    response.write(': changes follow\n\n');
    const send = (event: string, data: unknown) => {
      if (response.writableLength > maxBuffered) return void response.destroy();
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const changed = (id: string, summary: SessionSummary | undefined) =>
      summary ? send('session', summaryResponse(summary, Date.now() / 1000)) : send('deleted', { id });
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

/** Maximum number of cached responses, and of characters in one: some forty megabytes in total. */
const maxCached = 8;
const maxCharacters = 5_000_000;

/** Caches expensive responses until the session changes; concurrent requests share one. */
export class ResponseCache {
  /** By name, in order of last use. */
  readonly #kept = new Map<string, { version: string; json: Promise<string> }>();

  /**
   * @param name of the response
   * @param version a new version replaces the cached response
   */
  of(name: string, version: string, make: () => Promise<unknown>): Promise<string> {
    const known = this.#kept.get(name);
    const answer = known?.version === version ? known : { version, json: make().then(JSON.stringify) };
    this.#kept.delete(name);
    this.#kept.set(name, answer);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxCached && oldest !== undefined) this.#kept.delete(oldest);
    if (answer !== known) {
      const drop = () => this.#kept.get(name) === answer && this.#kept.delete(name);
      answer.json.then(({ length }) => length > maxCharacters && drop(), drop);
    }
    return answer.json;
  }

  /** Removes the response of this name. */
  forget(name: string): void {
    this.#kept.delete(name);
  }
}

/** Limits concurrent requests; further ones are answered with 503 and `Retry-After`. */
export function concurrencyLimit(most: number): RequestHandler {
  let running = 0;
  return (_request, response, next) => {
    if (running >= most) {
      response
        .status(503)
        .set('Retry-After', '1')
        .json({ error: 'Too many others ask for this now; ask again' });
      return;
    }
    running++;
    response.once('close', () => running--);
    next();
  };
}
