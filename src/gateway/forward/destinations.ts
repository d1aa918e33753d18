import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { readBody } from '../spool/entry.ts';
import type { Destination, DestinationName } from './backlog.ts';
import { post } from './post.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** How a request is written into a backlog, and sent from there. */
export const compressed = (request: { toBinary(): Uint8Array }): Promise<Buffer> =>
  compress(request.toBinary(), { level: 1 });

/** What is sent as one request: half of the smallest limit of the backends, 4 MB, when it is unpacked some eight times as large. */
const batch = { entries: 64, bytes: 256 * 1024 };

/** Requests of the same kind, one after the other, are one request with all of their groups: protobuf merges repeated fields. */
async function joined(bodies: readonly Buffer[]): Promise<Buffer> {
  const [only] = bodies;
  if (only && bodies.length === 1) return only;
  const plain = await Promise.all(bodies.map((body) => decompress(body)));
  return compress(Buffer.concat(plain), { level: 1 });
}

/** A backend that takes OTLP over HTTP. */
export const otlpDestination = (
  name: DestinationName,
  url: string,
  headers: Readonly<Record<string, string>> = {},
  timeout = 15_000,
): Destination => ({
  name,
  batch,
  async send(entries, _meta, signal) {
    return post(url, {
      headers: { ...headers, 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
      body: await joined(await Promise.all(entries.map(readBody))),
      timeout,
      signal,
    });
  },
});
