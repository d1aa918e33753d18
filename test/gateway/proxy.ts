import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { kindOf, type UploadKind } from '../../src/gateway/receive/endpoints.ts';
import { closeAfterTest } from '../closing.ts';

/** An upload as it came to the proxy. */
export interface Passed {
  kind: UploadKind;
  /** What it was answered with. */
  status: number;
  /** Unix milliseconds. */
  at: number;
}

export interface Proxy {
  url: string;
  uploads: Passed[];
}

/** Answers by itself, with a page as proxies have them, or passes a request on. */
export type Conduct = (incoming: IncomingMessage, outgoing: ServerResponse, pass: () => void) => void;

/**
 * What stands between the SDKs and a gateway.
 *
 * @param target tells where the gateway is
 */
export async function startProxy(
  target: () => string,
  conduct: Conduct = (_incoming, _outgoing, pass) => pass(),
): Promise<Proxy> {
  const uploads: Passed[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const kind = kindOf(path);
    outgoing.on('close', () => {
      if (kind)
        uploads.push({ kind, status: outgoing.writableFinished ? outgoing.statusCode : 0, at: Date.now() });
    });
    conduct(incoming, outgoing, () => {
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
 * An address from which connections lead on, as they are, also where one ends in the middle.
 *
 * @param target tells where to, for each
 */
export async function openPassage(target: () => string): Promise<{ url: string; close(): Promise<void> }> {
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

/** An answer of a proxy's own: HTML, whatever was asked. */
export function page(outgoing: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  outgoing.writeHead(status, { 'content-type': 'text/html', ...headers });
  outgoing.end(
    `<html><head><title>${status}</title></head><body><center><h1>${status}</h1></center></body></html>`,
  );
}
