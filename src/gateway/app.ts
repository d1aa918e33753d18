import express, { type ErrorRequestHandler, type Express, type RequestHandler, Router } from 'express';
import type { Scrapes } from '../http/exposition.ts';
import { createApp, type Readiness } from '../http/metrics-server.ts';
import { createPages, pagePaths } from './pages.ts';
import { drainBody } from './receive/limits.ts';
import { NoSpaceError, type Spool } from './spool/spool.ts';

export interface GatewayAppOptions {
  uploads: readonly RequestHandler[];
  /** Guards the API, the pages and /metrics. */
  readers: RequestHandler;
  sameOrigin: RequestHandler;
  api: RequestHandler;
  scrapes: Scrapes;
  /** Whether /metrics, which contains no data of single calls, needs no login. */
  openMetrics: boolean;
  ready: () => Promise<Readiness>;
  log: (message: string) => void;
}

/** Only the gateway's own scripts and styles run, whatever a transcript contains. */
const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  // To the gateway itself, which sees by that under which name a browser reaches it.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

const unexpectedBodyRate = { totalMs: 10_000, minRate: 1024, graceMs: 5000 };

/** The routes of the gateway. */
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

  // Requests for the API and pages have no body: an unexpected one must be sent quickly.
  app.use((request, response, next) => {
    response.once('finish', () => void drainBody(request, unexpectedBodyRate));
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
    // Only the error's name: its message may quote the conversation.
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

/** Milliseconds for which a result is cached, so that the disk is probed at most once a second. */
const fresh = 1000;

const reasons = {
  spool_full: 'the spool is full: uploads are refused until some are processed',
  disk_full: 'the disk is full: uploads are refused until there is room; see --min-free-mb',
} as const;

/**
 * Whether the gateway accepts uploads: its spool is writable, and spool and disk have space. The index needs no check: the
 * gateway listens only after it is loaded.
 */
export function createReadiness(spool: Spool): () => Promise<Readiness> {
  let checked: { at: number; state: Promise<Readiness> } | undefined;
  const check = async (): Promise<Readiness> => {
    try {
      await spool.check();
      return { ready: true };
    } catch (error) {
      if (error instanceof NoSpaceError) return { ready: false, reason: reasons[error.reason] };
      const { code, name } = error as NodeJS.ErrnoException;
      return { ready: false, reason: `the spool cannot be written (${code ?? name})` };
    }
  };
  return () => {
    const now = performance.now();
    if (!checked || now - checked.at > fresh) checked = { at: now, state: check() };
    return checked.state;
  };
}
