import express, { type ErrorRequestHandler, type Express, type RequestHandler, Router } from 'express';
import type { Scrapes } from '../http/exposition.ts';
import { createApp, type Readiness } from '../http/metrics-server.ts';
import { createPages, pagePaths } from './pages.ts';
import { readPast } from './receive/pace.ts';

export interface GatewayAppOptions {
  uploads: readonly RequestHandler[];
  /** What guards all that follows. */
  readers: RequestHandler;
  sameOrigin: RequestHandler;
  api: RequestHandler;
  scrapes: Scrapes;
  /** Whether /metrics, in which nothing is of any one call, needs no login. */
  openMetrics: boolean;
  ready: () => Promise<Readiness>;
  log: (message: string) => void;
}

/** Nothing but the gateway's own scripts and styles runs, whatever a transcript says. */
const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

const strayPace = { totalMs: 10_000, minRate: 1024, graceMs: 5000 };

/** Everything that the gateway serves. */
export function createGatewayApp(options: GatewayAppOptions): Express {
  const { uploads, readers, sameOrigin, api, scrapes, openMetrics, ready, log } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_request, response, next) => {
    response.set(headers);
    next();
  });
  const receiving = Router();
  receiving.use(...uploads);
  app.use(receiving);

  // What is read has no body: who sends one has to be quick.
  app.use((request, response, next) => {
    response.once('finish', () => void readPast(request, strayPace));
    next();
  });
  app.use('/api', readers, sameOrigin, api);
  app.get([...pagePaths], readers, createPages());
  const elsewhere = 'the sessions are at /, for machines at /api/sessions';
  app.use(
    createApp({ scrapes, guard: openMetrics ? undefined : readers, ready, otherRoutes: elsewhere, log }),
  );

  const failed: ErrorRequestHandler = (error, request, response, _next) => {
    const status = Number(error?.status ?? 500);
    // Of the error, the name only: its message may quote what was said.
    if (status >= 500)
      log(`${request.method} ${request.route?.path ?? 'a request'} failed (${error?.name ?? 'error'})`);
    if (response.headersSent) return void response.destroy();
    response
      .status(status)
      .json({ error: status < 500 ? 'The request cannot be answered' : 'Internal error' });
  };
  app.use(failed);
  return app;
}
