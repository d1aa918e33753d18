import { SignJWT } from 'jose';
import type { ApiKeys } from '../receive/api-keys.ts';
import type { UploadKind } from '../receive/endpoints.ts';
import { type Entry, streamBody } from '../spool/entry.ts';
import type { Destination } from './backlog.ts';
import { post, Refused } from './post.ts';

const paths: Readonly<Record<UploadKind, string>> = {
  traces: '/observability/traces/otlp/v0',
  logs: '/observability/logs/otlp/v0',
  metrics: '/observability/metrics/otlp/v0',
  recordings: '/observability/recordings/v0',
};

/**
 * LiveKit Cloud, or another receiver of the same uploads: they are passed on as they came, with a token of the API key
 * that they came with, made anew because they may have waited.
 *
 * @param url without a path, as in `LIVEKIT_OBSERVABILITY_URL`
 */
export const liveKitCloud = (url: string, keys: () => ApiKeys): Destination => ({
  name: 'livekit_cloud',
  async send(entry: Entry, meta, signal) {
    const secret = keys().get(String(meta.issuer));
    if (secret === undefined) throw new Refused('the API key that it came with was taken away since');
    const token = await new SignJWT({ observability: { write: true }, sub: 'livekit-agents-telemetry' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(String(meta.issuer))
      .setNotBefore('0s')
      .setExpirationTime('10m')
      .sign(new TextEncoder().encode(secret));
    return post(`${url}${paths[meta.kind as UploadKind]}`, {
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': String(meta.type),
        ...(meta.encoding && { 'content-encoding': String(meta.encoding) }),
      },
      body: await streamBody(entry),
      timeout: meta.kind === 'recordings' ? 600_000 : 30_000,
      signal,
    });
  },
});
