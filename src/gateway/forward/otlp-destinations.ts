import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Entry, readBody } from '../spool/entry.ts';
import type { Destination, DestinationName } from './backlog.ts';
import { post } from './post.ts';

const compress = promisify(gzip);

/** How a request is written into a backlog, and sent from there. */
export const compressed = (request: { toBinary(): Uint8Array }): Promise<Buffer> =>
  compress(request.toBinary(), { level: 1 });

/** A backend that takes OTLP over HTTP. */
export const otlpDestination = (
  name: DestinationName,
  url: string,
  headers: Readonly<Record<string, string>>,
  timeout = 15_000,
): Destination => ({
  name,
  async send(entry: Entry, _meta, signal) {
    return post(url, {
      headers: { ...headers, 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
      body: await readBody(entry),
      timeout,
      signal,
    });
  },
});
