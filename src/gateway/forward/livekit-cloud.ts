import { SignJWT } from 'jose';
import type { ApiKeys } from '../receive/api-keys.ts';
import type { UploadKind } from '../receive/endpoints.ts';
import { streamBody } from '../spool/entry.ts';
import type { Destination } from './backlog.ts';
import { NotNow, post } from './post.ts';

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
  async send([entry], meta, signal) {
    const secret = keys().get(String(meta.issuer));
    // While keys are exchanged, it may come back; others are sent meanwhile.
    if (secret === undefined)
      throw new NotNow('the API key that it came with was taken away since', { everything: false });
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
        if (!(error instanceof NotNow) || !(error.status === 401 || error.status === 403)) throw error;
        // It does not know this API key, which tells nothing of the others.
        throw new NotNow(error.message, { everything: false });
      })
      .finally(() => body.destroy());
  },
});
