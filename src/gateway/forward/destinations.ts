import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { SignJWT } from 'jose';
import type { ApiKeys } from '../receive/api-keys.ts';
import type { UploadKind } from '../receive/endpoints.ts';
import { readBody, streamBody } from '../spool/spool.ts';
import type { Destination, DestinationName } from './backlog.ts';
import { post, RetryableError } from './post.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** The format of a request in a backlog, in which it is sent, too. */
export const compressed = (request: { toBinary(): Uint8Array }): Promise<Buffer> =>
  compress(request.toBinary(), { level: 1 });

/** The maximum of one request: half of the backends' smallest limit of 4 MB, at a compression ratio of about eight. */
const batch = { entries: 64, bytes: 256 * 1024 };

/** Joined requests of the same kind are one request with all of their groups: protobuf concatenates repeated fields. */
async function joined(bodies: readonly Buffer[]): Promise<Buffer> {
  const [only] = bodies;
  if (only && bodies.length === 1) return only;
  const plain = await Promise.all(bodies.map((body) => decompress(body)));
  return compress(Buffer.concat(plain), { level: 1 });
}

/** A backend that accepts OTLP over HTTP. */
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

const paths: Readonly<Record<UploadKind, string>> = {
  traces: '/observability/traces/otlp/v0',
  logs: '/observability/logs/otlp/v0',
  metrics: '/observability/metrics/otlp/v0',
  recordings: '/observability/recordings/v0',
};

/**
 * LiveKit Cloud, or another receiver of the same uploads: they are forwarded as received, with a token of the same API key,
 * newly signed because they may have waited.
 *
 * @param url without a path, as in `LIVEKIT_OBSERVABILITY_URL`
 */
export const liveKitCloud = (url: string, keys: () => ApiKeys): Destination => ({
  name: 'livekit_cloud',
  async send([entry], meta, signal) {
    const secret = keys().get(String(meta.issuer));
    // During a key rotation it may come back; other uploads are sent meanwhile.
    if (secret === undefined)
      throw new RetryableError('the API key that it came with was taken away since', {
        affectsAll: false,
        ofApiKey: true,
      });
    const token = await new SignJWT({ observability: { write: true }, sub: 'livekit-agents-telemetry' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(String(meta.issuer))
      .setNotBefore('0s')
      .setExpirationTime('10m')
      .sign(new TextEncoder().encode(secret));
    const body = await streamBody(entry);
    const sent = post(`${url}${paths[meta.kind as UploadKind]}`, {
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': String(meta.type),
        ...(meta.encoding && { 'content-encoding': String(meta.encoding) }),
      },
      body,
      timeout: meta.kind === 'recordings' ? 600_000 : 30_000,
      signal,
    });
    return sent
      .catch((error) => {
        if (!(error instanceof RetryableError) || !(error.status === 401 || error.status === 403))
          throw error;
        // It does not know this API key; uploads with other keys may succeed.
        throw new RetryableError(error.message, { affectsAll: false, ofApiKey: true });
      })
      .finally(() => body.destroy());
  },
});
