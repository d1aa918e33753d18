import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { baseUrl, checkAddress, listenError } from './address.ts';
import { type TlsOptions, tlsContext, watchTls } from './tls.ts';

/** Timeouts in milliseconds; see Node's `http.createServer`. */
export interface ConnectionTimeouts {
  headersTimeout: number;
  requestTimeout: number;
  connectionsCheckingInterval: number;
  keepAliveTimeout: number;
  /** Timeout of a connection without any traffic. */
  idleTimeout: number;
}

export interface ListenOptions {
  host: string;
  port: number;
  tls?: TlsOptions;
  timeouts: ConnectionTimeouts;
  maxConnections: number;
  /** The limit for one client address. @default no limit */
  maxConnectionsPerAddress?: number;
  /** Whether the server, while it is open, keeps the process alive. */
  keepProcessAlive: boolean;
  /** The name of the server in messages. */
  name: string;
  /** Prefix of the environment variables for host and port, such as `TALKGAUGE`. */
  variables: string;
  log: (message: string) => void;
}

export interface ListeningServer {
  /** Where it listens, without a path: `http://127.0.0.1:9464`. */
  url: string;
  port: number;
  /** Stops listening, lets requests under way finish for at most a second and ends all connections. */
  close(): Promise<void>;
}

const closeGraceMs = 1_000;

/**
 * Serves an application.
 *
 * @throws ServeError with the next step: port taken (`EADDRINUSE`), privileges, unknown host,
 *   an option that is wrong
 */
export async function listen(app: RequestListener, options: ListenOptions): Promise<ListeningServer> {
  const { host, port, tls, timeouts, maxConnections, keepProcessAlive, name, variables, log } = options;
  checkAddress(host, port, variables);
  const { idleTimeout, ...limits } = timeouts;
  const tlsServer = tls && createTlsServer({ ...limits, ...tlsContext(tls) }, app);
  const server = tlsServer ?? createServer(limits, app);
  server.maxConnections = maxConnections;
  server.timeout = idleTimeout;
  const sockets = trackSockets(server, options);
  await startListening(server, host, port, variables);
  if (!keepProcessAlive) server.unref();
  server.on('error', (error) => log(`Error in the ${name}: ${error.message}`));

  const actual = (server.address() as AddressInfo).port;
  const stopWatching = tls && tlsServer && watchTls(tlsServer, tls, log);
  let closed: Promise<void> | undefined;
  return {
    url: baseUrl(tls ? 'https' : 'http', host, actual),
    port: actual,
    close() {
      stopWatching?.();
      closed ??= shutDown(server, sockets);
      return closed;
    },
  };
}

function startListening(server: Server, host: string, port: number, variables: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(listenError(error, host, port, variables));
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

/** All open connections, those in a TLS handshake included, which Node's own bookkeeping leaves out. */
function trackSockets(
  server: Server,
  { keepProcessAlive, maxConnectionsPerAddress: share = Number.POSITIVE_INFINITY }: ListenOptions,
): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  const shares = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const { remoteAddress: address = '' } = socket;
    const others = shares.get(address) ?? 0;
    if (others >= share) return void socket.destroy();
    shares.set(address, others + 1);
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (shares.get(address) ?? 1) - 1;
      if (left > 0) shares.set(address, left);
      else shares.delete(address);
    });
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
