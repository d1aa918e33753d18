import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { baseUrl, checkAddress, isLoopback } from './address.ts';
import { createApp, type Readiness } from './app.ts';
import { type AuthOptions, requireAuth } from './auth.ts';
import { createScrapes, type Expose } from './scrapes.ts';
import { listenError } from './serve-error.ts';
import { type TlsOptions, tlsContext, watchTls } from './tls.ts';

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

const limits = {
  // A scraper sends a few hundred bytes at once; whoever needs longer only holds a connection.
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
  // Longer than a usual scrape interval, so that a scraper keeps its connection.
  keepAliveTimeout: 65_000,
};
/** A reader that takes nothing for this long is gone. */
const stalledMs = 30_000;
const maxConnections = 256;
const closeGraceMs = 1_000;

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
  checkAddress(host, port);
  const app = createApp({
    scrapes: createScrapes(expose, deadlineMs),
    guard: auth && requireAuth(auth),
    ready,
    log,
  });
  const tlsServer = tls && createTlsServer({ ...limits, ...tlsContext(tls) }, app);
  const server = tlsServer ?? createServer(limits, app);
  server.maxConnections = maxConnections;
  server.timeout = stalledMs;
  const sockets = trackSockets(server, keepProcessAlive);
  await listen(server, host, port);
  if (!keepProcessAlive) server.unref();
  server.on('error', (error) => log(`The metrics server has trouble: ${error.message}`));

  const actual = (server.address() as AddressInfo).port;
  if (!auth && !tls?.clientCa && !isLoopback(host)) {
    log(
      `The metrics on ${host}, port ${actual}, can be read by anyone who reaches it; pass { auth } or a loopback host`,
    );
  }
  const stopWatching = tls && tlsServer && watchTls(tlsServer, tls, log);
  let closed: Promise<void> | undefined;
  return {
    url: baseUrl(tls ? 'https' : 'http', host, actual),
    close() {
      stopWatching?.();
      closed ??= shutDown(server, sockets);
      return closed;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(listenError(error, host, port));
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

/** All open connections, those in a TLS handshake included, which Node's own bookkeeping leaves out. */
function trackSockets(server: Server, keepProcessAlive: boolean): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (!keepProcessAlive) socket.unref();
  });
  return sockets;
}

function shutDown(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const endAll = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, closeGraceMs);
    server.close(() => {
      clearTimeout(endAll);
      resolve();
    });
    // A connection whose response is under way goes idle, and can be closed, when that is done.
    const sweep = setInterval(() => server.closeIdleConnections(), 20);
    server.once('close', () => clearInterval(sweep));
  });
}
