import type { uploadKinds } from '../../catalogue/gateway.ts';

export type UploadKind = (typeof uploadKinds)[number];

/** What a path must end with, by segments. */
const endpoints: readonly { kind: UploadKind; segments: readonly string[] }[] = [
  { kind: 'traces', segments: ['observability', 'traces', 'otlp', 'v0'] },
  { kind: 'logs', segments: ['observability', 'logs', 'otlp', 'v0'] },
  { kind: 'metrics', segments: ['observability', 'metrics', 'otlp', 'v0'] },
  { kind: 'recordings', segments: ['observability', 'recordings', 'v0'] },
];

/** Characters of the longest path that is looked at; it is looked at before any login. */
const maxPath = 2048;

/**
 * What is uploaded to a path. Any path before `/observability` is accepted, because the SDKs keep the one of
 * `LIVEKIT_OBSERVABILITY_URL`, and so are doubled slashes, because Python keeps the one at its end.
 */
export function kindOf(path: string): UploadKind | undefined {
  if (path.length > maxPath || !path.startsWith('/')) return undefined;
  // Segments are compared, rather than a pattern matched: the work grows with the path's length and no faster.
  const segments = path.split('/').filter((segment) => segment !== '');
  return endpoints.find(({ segments: end }) => {
    const at = segments.length - end.length;
    return at >= 0 && end.every((segment, n) => segments[at + n] === segment);
  })?.kind;
}
