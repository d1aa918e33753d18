import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { bodyOf } from '../../request-body.ts';
import { decodeLogs, decodeTraces, type Log, type Span } from './otlp.ts';

/** The behaviour of a backend: accepts requests, responds with 400, never responds, responds with 429, or responds with 413. */
export type Behaviour = 'up' | 'refusing' | 'hanging' | 'busy' | 'too-large';

/** A fake OTLP backend over HTTP, like Tempo and Loki in one, which also accepts the uploads of LiveKit's SDK. */
export interface Backend {
  url: string;
  spans: Span[];
  logs: Log[];
  /** Headers of the requests, in order. */
  headers: IncomingMessage['headers'][];
  /** Paths of the requests, in order. */
  paths: string[];
  behave(how: Behaviour): void;
  /** Clears the recorded requests. */
  clear(): void;
  close(): Promise<void>;
}

export async function openBackend(): Promise<Backend> {
  let behaviour: Behaviour = 'up';
  const backend = {
    spans: [] as Span[],
    logs: [] as Log[],
    headers: [] as IncomingMessage['headers'][],
    paths: [] as string[],
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const sent = await bodyOf(request);
    if (!sent) return;
    backend.headers.push(request.headers);
    backend.paths.push(request.url ?? '');
    if (behaviour === 'hanging') return;
    if (behaviour === 'refusing') return response.writeHead(400).end();
    if (behaviour === 'busy') return response.writeHead(429, { 'retry-after': '1' }).end();
    if (behaviour === 'too-large') return response.writeHead(413).end();
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    const { url = '' } = request;
    if (/\/v1\/traces$|\/traces\/otlp\/v0$/.test(url)) backend.spans.push(...decodeTraces(body));
    else if (url.endsWith('/v1/logs')) backend.logs.push(...decodeLogs(body));
    // Other uploads of LiveKit's SDK are accepted and ignored.
    else if (url.startsWith('/observability/')) return response.writeHead(200).end();
    else return response.writeHead(404).end();
    return response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  };
  const server = createServer(
    (request, response) => void answer(request, response).catch(() => response.destroy()),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...backend,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behave: (how) => {
      behaviour = how;
    },
    clear() {
      for (const list of Object.values(backend)) list.length = 0;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
