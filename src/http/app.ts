import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import { acceptsGzip, mediaTypes, negotiateFormat } from './negotiation.ts';
import type { Scrapes } from './scrapes.ts';

/** Whether the process is ready to be used, and why (not), in one line. */
export interface Readiness {
  ready: boolean;
  reason?: string;
}

export interface AppOptions {
  scrapes: Scrapes;
  /** What guards /metrics; /healthz and /readyz are open. */
  guard?: RequestHandler;
  ready: () => Readiness | Promise<Readiness>;
  /** What else is served, for who asks for what is not. @default nothing */
  elsewhere?: string;
  log: (message: string) => void;
}

/** The routes: /metrics, /healthz and /readyz, for GET and HEAD. */
export function createApp({ scrapes, guard, ready, elsewhere, log }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  let failing = false;

  app.use((request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    if (request.method === 'GET' || request.method === 'HEAD') return next();
    response.setHeader('Allow', 'GET, HEAD');
    say(response, 405, `${request.method} is not allowed here; use GET or HEAD.`);
  });

  app.get('/metrics', ...(guard ? [guard] : []), async (request, response) => {
    const format = negotiateFormat(request.headers.accept);
    const compressed = acceptsGzip(request.headers['accept-encoding']);
    let body: Buffer;
    try {
      body = await scrapes.body(format, compressed);
    } catch (error) {
      // Scrapes come every few seconds: only the first failure in a row is worth a line.
      if (!failing) log(`The metrics could not be built: ${(error as Error)?.stack ?? error}`);
      failing = true;
      return say(response, 500, 'The metrics could not be built; the log of this process says why.');
    }
    failing = false;
    response.setHeader('Vary', 'Accept, Accept-Encoding');
    response.setHeader('Content-Type', mediaTypes[format].contentType);
    if (compressed) response.setHeader('Content-Encoding', 'gzip');
    response.setHeader('Content-Length', body.length);
    response.end(body);
  });

  app.get('/healthz', (_request, response) => say(response, 200, 'ok'));

  app.get('/readyz', async (_request, response) => {
    let state: Readiness;
    try {
      state = await ready();
    } catch (error) {
      state = { ready: false, reason: `the check itself failed: ${(error as Error)?.message ?? error}` };
    }
    const reason = state.reason?.replace(/\s+/g, ' ').trim();
    say(response, state.ready ? 200 : 503, reason || (state.ready ? 'ready' : 'not ready'));
  });

  app.use((_request, response) =>
    say(
      response,
      404,
      `Nothing is here; ${elsewhere ? `${elsewhere}, ` : ''}the metrics are at /metrics, the probes at /healthz and /readyz.`,
    ),
  );

  const onError: ErrorRequestHandler = (error, _request, response, _next) => {
    log(`A request failed: ${error?.stack ?? error}`);
    if (response.headersSent) return void response.destroy();
    say(response, 500, 'Internal error; the log of this process says more.');
  };
  app.use(onError);
  return app;
}

function say(response: Response, status: number, line: string): void {
  const body = Buffer.from(`${line}\n`);
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
