import { type Request, type Response, Router } from 'express';
import type { z } from 'zod';
import { version } from '../../version.ts';
import type { Waveforms } from '../audio/waveforms.ts';
import type { Evaluation } from '../decode/records.ts';
import type { SessionReport } from '../decode/session-report.ts';
import { isRepetition } from '../decode/usage-reporters.ts';
import { facets, list, type Query } from '../store/query.ts';
import type { SessionFiles } from '../store/session-files.ts';
import { isSessionId } from '../store/session-id.ts';
import { itemsOf } from '../store/session-index.ts';
import type { SessionState } from '../store/session-state.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { SessionSummary } from '../store/summary.ts';
import type { Telemetry } from '../telemetry.ts';
import { timelineOf } from '../timeline/timeline.ts';
import { atMost } from './at-most.ts';
import { sendAudio } from './audio.ts';
import { createChanges } from './changes.ts';
import { detailOf, shown } from './detail.ts';
import { logsPage } from './logs.ts';
import { openApi } from './openapi.ts';
import { peaksPatience, sendPeaks } from './peaks.ts';
import { listQuerySchema, logsQuerySchema } from './schema.ts';
import { SharedAnswers } from './shared-answers.ts';
import { sendTrace } from './trace.ts';

export interface ApiOptions {
  store: SessionStore;
  waveforms: Waveforms;
  telemetry: Telemetry;
  /** Where Grafana is, for links to traces. */
  grafana?: string;
}

interface Found {
  id: string;
  summary: SessionSummary;
  state: SessionState;
  files: SessionFiles;
}

/** Answers of a kind at a time. */
const maxTraces = 8;
const maxRecordings = 64;

const now = () => Date.now() / 1000;

const noAudio = (summary: SessionSummary, state: SessionState): string =>
  detailOf(summary, state, now()).missing.audio ?? 'There is no audio';

/** The routes under /api. */
export function createApi({ store, waveforms, telemetry, grafana }: ApiOptions): Router {
  const api = Router();
  const notFound = (response: Response, error: string) => void response.status(404).json({ error });

  /** Answers with what is made of a session, or that there is none. */
  const session = (
    path: string,
    answer: (found: Found, request: Request, response: Response) => Promise<void>,
  ) =>
    api.get(`/sessions/:id${path}`, async (request, response) => {
      const id = String(request.params.id);
      // An id becomes a path: nothing but a session's name does.
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
      sessions: page.sessions.map((found) => shown(found, now())),
    });
  });

  api.get('/facets', (_request, response) => void response.json(facets(store.index, now())));
  api.get('/openapi.json', (_request, response) => void response.json(openApi(version)));
  api.get('/events', createChanges(store));

  session('', async ({ summary, state }, _request, response) => {
    response.json(detailOf(summary, state, now(), grafana));
  });

  // What may be hundreds of megabytes; a browser that plays a recording holds its answer.
  api.get('/sessions/:id/trace', atMost(maxTraces));
  api.get('/sessions/:id/audio', atMost(maxRecordings));

  // What of a session is made of all of its spans, which everybody who looks at it asks for at each of its changes.
  const answers = new SharedAnswers();
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
    sendPeaks(await waveforms.of(id, peaksPatience), summary, noAudio(summary, state), response);
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

  api.use((_request, response) => notFound(response, 'Nothing is here; /api/openapi.json tells what is'));
  return api;
}

/** A report, with what is in it twice marked so. */
function reportOf(report: SessionReport | undefined, { tellers }: SessionState) {
  if (!report) return null;
  const usage = report.usage.map((entry) =>
    isRepetition(entry, tellers) ? { ...entry, repeated: true } : entry,
  );
  return { ...report, usage };
}

/** The query of a request; undefined: it cannot be used, and the request is answered. */
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
