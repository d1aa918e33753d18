import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { closeAfterTest } from '../../closing.ts';
import { bodyOf } from '../../request-body.ts';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  /** Decompressed. */
  body: Buffer;
  /** Unix milliseconds. */
  at: number;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

export interface Backend {
  url: string;
  /** All requests, including those that were refused. */
  received: Received[];
  /** The answer to all following requests. */
  status: number;
  /** An answer computed from the request. Omitted fields are as above. */
  answer: (received: Received) => Answer | Promise<Answer>;
  of(path: string): Received[];
}

/** A backend that accepts requests, or answers as configured. */
export async function listenBackend(port = 0): Promise<Backend> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (!body) return;
    const decompressed = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const entry = { path: request.url ?? '', headers: request.headers, body: decompressed, at: Date.now() };
    received.push(entry);
    const { status = backend.status, headers = {}, body: text } = await backend.answer(entry);
    response.writeHead(status, headers).end(text);
  }).listen(port, '127.0.0.1');
  closeAfterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const backend: Backend = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    status: 200,
    answer: () => ({}),
    of: (path) => received.filter((each) => each.path === path),
  };
  return backend;
}
