import { isLoopback } from './address.ts';
import { createApp, type Readiness } from './app.ts';
import { type AuthOptions, requireAuth } from './auth.ts';
import { listen, type Patience } from './listening.ts';
import { createScrapes, type Expose } from './scrapes.ts';
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

const patience: Patience = {
  // A scraper sends a few hundred bytes at once; whoever needs longer only holds a connection.
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
  // Longer than a usual scrape interval, so that a scraper keeps its connection.
  keepAliveTimeout: 65_000,
  // A reader that takes nothing for this long is gone.
  stalled: 30_000,
};
const maxConnections = 256;

/**
 * Serves GET /metrics, /healthz and /readyz.
 *
 * @throws ServeError that says the next step: port taken (`EADDRINUSE`), privileges, unknown host,
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
    patience,
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
