import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import { isLoopback } from './address.ts';
import { type AuthOptions, requireAuth } from './auth.ts';
import {
  acceptsGzip,
  createScrapes,
  type Expose,
  mediaTypes,
  negotiateFormat,
  type Scrapes,
} from './exposition.ts';
import { type ConnectionTimeouts, listen } from './listen.ts';
import type { TlsOptions } from './tls.ts';

export interface HttpOptions {
  /** Builds the exposition. */
  expose: Expose;
  /** The address to listen on; one that is not loopback without `auth` is warned about. @default 127.0.0.1 */
  host?: string;
  /** 0 takes any free port; the `url` says which. @default 9464 */
  port?: number;
  /** Who may read /metrics. /healthz and /readyz are always open. @default anyone who can connect */
  auth?: AuthOptions;
  /** Serves HTTPS instead of HTTP, TLS 1.2 or newer. @default plain HTTP */
  tls?: TlsOptions;
  /** What /readyz answers: 200 or 503, and the reason in one line. @default always ready */
  ready?: () => Readiness | Promise<Readiness>;
  /** Whether the server, while it is open, keeps the process alive. @default false */
  keepProcessAlive?: boolean;
  /** Milliseconds after which a scrape that is still being built is answered with 500. @default 10000 */
  deadlineMs?: number;
  /** Takes warnings, one line each. @default console.warn */
  log?: (message: string) => void;
}

export interface MetricsServer {
  /** Where it listens, without a path: `http://127.0.0.1:9464`. */
  url: string;
  /** Stops listening, lets requests under way finish for at most a second and ends all connections. */
  close(): Promise<void>;
}

const timeouts: ConnectionTimeouts = {
  // A scraper sends a few hundred bytes at once; a slower client only blocks a connection.
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
  // Longer than a usual scrape interval, so that a scraper keeps its connection.
  keepAliveTimeout: 65_000,
  // A client that reads nothing for this long is gone.
  idleTimeout: 30_000,
};
const maxConnections = 256;

/**
 * Serves GET /metrics, /healthz and /readyz.
 *
 * @throws ServeError with the next step: port taken (`EADDRINUSE`), privileges, unknown host,
 *   an option that is wrong
 */
export async function serveMetrics(options: HttpOptions): Promise<MetricsServer> {
  const {
    expose,
    host = '127.0.0.1',
    port = 9464,
    auth,
    tls,
    ready = () => ({ ready: true }),
    keepProcessAlive = false,
    deadlineMs = 10_000,
    log = console.warn,
  } = options;
  const app = createApp({
    scrapes: createScrapes(expose, deadlineMs),
    guard: auth && requireAuth(auth),
    ready,
    log,
  });
  const {
    url,
    port: actual,
    close,
  } = await listen(app, {
    host,
    port,
    tls,
    timeouts,
    maxConnections,
    keepProcessAlive,
    name: 'metrics server',
    variables: 'TALKGAUGE',
    log,
  });
  if (!auth && !tls?.clientCa && !isLoopback(host)) {
    log(
      `The metrics on ${host}, port ${actual}, can be read by anyone who reaches it; pass { auth } or a loopback host`,
    );
  }
  return { url, close };
}

/** Whether the process is ready, and the reason in one line. */
export interface Readiness {
  ready: boolean;
  reason?: string;
}

export interface AppOptions {
  scrapes: Scrapes;
  /** Authentication of /metrics; /healthz and /readyz are open. */
  guard?: RequestHandler;
  ready: () => Readiness | Promise<Readiness>;
  /** A description of other routes, for the 404 response. @default none */
  otherRoutes?: string;
  log: (message: string) => void;
}

/** The routes: /metrics, /healthz and /readyz, for GET and HEAD. */
export function createApp({ scrapes, guard, ready, otherRoutes, log }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  let failing = false;

  app.use((request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    if (request.method === 'GET' || request.method === 'HEAD') return next();
    response.setHeader('Allow', 'GET, HEAD');
    sendText(response, 405, `${request.method} is not allowed here; use GET or HEAD.`);
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
      return sendText(response, 500, 'The metrics could not be built; the log of this process says why.');
    }
    failing = false;
    response.setHeader('Vary', 'Accept, Accept-Encoding');
    response.setHeader('Content-Type', mediaTypes[format].contentType);
    if (compressed) response.setHeader('Content-Encoding', 'gzip');
    response.setHeader('Content-Length', body.length);
    response.end(body);
  });

  app.get('/healthz', (_request, response) => sendText(response, 200, 'ok'));

  app.get('/readyz', async (_request, response) => {
    let state: Readiness;
    try {
      state = await ready();
    } catch (error) {
      state = { ready: false, reason: `the check itself failed: ${(error as Error)?.message ?? error}` };
    }
    const reason = state.reason?.replace(/\s+/g, ' ').trim();
    sendText(response, state.ready ? 200 : 503, reason || (state.ready ? 'ready' : 'not ready'));
  });

  app.use((_request, response) =>
    sendText(
      response,
      404,
      `Nothing is here; ${otherRoutes ? `${otherRoutes}, ` : ''}the metrics are at /metrics, the probes at /healthz and /readyz.`,
    ),
  );

  const onError: ErrorRequestHandler = (error, _request, response, _next) => {
    log(`A request failed: ${error?.stack ?? error}`);
    if (response.headersSent) return void response.destroy();
    sendText(response, 500, 'Internal error; the log of this process says more.');
  };
  app.use(onError);
  return app;
}

function sendText(response: Response, status: number, line: string): void {
  const body = Buffer.from(`${line}\n`);
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
