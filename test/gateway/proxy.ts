import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { kindOf, type UploadKind } from '../../src/gateway/receive/endpoints.ts';
import { closeAfterTest } from '../closing.ts';

/** An upload as the proxy received it. */
export interface ProxiedUpload {
  kind: UploadKind;
  /** The status of the response. */
  status: number;
  /** Unix milliseconds. */
  at: number;
}

export interface Proxy {
  url: string;
  uploads: ProxiedUpload[];
}

/** Answers a request itself with the error page of a proxy, or forwards it. */
export type ProxyHandler = (incoming: IncomingMessage, outgoing: ServerResponse, forward: () => void) => void;

/**
 * A proxy between the SDKs and a gateway.
 *
 * @param target returns the URL of the gateway
 */
export async function startProxy(
  target: () => string,
  handler: ProxyHandler = (_incoming, _outgoing, forward) => forward(),
): Promise<Proxy> {
  const uploads: ProxiedUpload[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const kind = kindOf(path);
    outgoing.on('close', () => {
      if (kind)
        uploads.push({ kind, status: outgoing.writableFinished ? outgoing.statusCode : 0, at: Date.now() });
    });
    handler(incoming, outgoing, () => {
      const { hostname, port } = new URL(target());
      const passed = request({ hostname, port, method, path, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      passed.on('error', () => page(outgoing, 502));
      incoming.pipe(passed);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeAfterTest(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, uploads };
}

/**
 * A TCP forwarder: data and disconnects of one side reach the other side unchanged.
 *
 * @param target returns the URL for each connection
 */
export async function startTcpForwarder(
  target: () => string,
): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((from) => {
    const { hostname, port } = new URL(target());
    const to = connect(Number(port), hostname);
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends a response of the proxy itself: HTML for any request. */
export function page(outgoing: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  outgoing.writeHead(status, { 'content-type': 'text/html', ...headers });
  outgoing.end(
    `<html><head><title>${status}</title></head><body><center><h1>${status}</h1></center></body></html>`,
  );
}
