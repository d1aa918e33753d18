import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { closeAfterTest } from '../../closing.ts';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  /** Unpacked. */
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
  /** What came, also what was not taken. */
  received: Received[];
  /** What it answers, from now on. */
  status: number;
  /** The same, for each request; what it leaves out is as above. */
  answer: (received: Received) => Answer | Promise<Answer>;
  of(path: string): Received[];
}

/** A backend that takes what it is sent, or answers as it is told to. */
export async function listenBackend(port = 0): Promise<Backend> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const got = { path: request.url ?? '', headers: request.headers, body: plain, at: Date.now() };
    received.push(got);
    const { status = backend.status, headers = {}, body: said } = await backend.answer(got);
    response.writeHead(status, headers).end(said);
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
