import type { uploadKinds } from '../../catalogue/gateway.ts';

export type UploadKind = (typeof uploadKinds)[number];

const endpoint = /\/+observability\/+(?:(traces|logs|metrics)\/+otlp|(recordings))\/+v0\/*$/;

/**
 * What is uploaded to a path. Any path before `/observability` is accepted, because the SDKs keep the one of
 * `LIVEKIT_OBSERVABILITY_URL`, and so are doubled slashes, because Python keeps the one at its end.
 */
export function kindOf(path: string): UploadKind | undefined {
  const [, telemetry, recordings] = path.match(endpoint) ?? [];
  return (telemetry ?? recordings) as UploadKind | undefined;
}
