import type { Request, Response } from 'express';
import type { refusals, uploadKinds } from '../../catalogue/gateway.ts';

export type UploadKind = (typeof uploadKinds)[number];

/** The last segments of a path. */
const endpoints: readonly { kind: UploadKind; segments: readonly string[] }[] = [
  { kind: 'traces', segments: ['observability', 'traces', 'otlp', 'v0'] },
  { kind: 'logs', segments: ['observability', 'logs', 'otlp', 'v0'] },
  { kind: 'metrics', segments: ['observability', 'metrics', 'otlp', 'v0'] },
  { kind: 'recordings', segments: ['observability', 'recordings', 'v0'] },
];

/** Maximum characters of a path; checked before authentication. */
const maxPath = 2048;

/**
 * The kind of upload of a path. Any path before `/observability` is accepted, because the SDKs keep that of
 * `LIVEKIT_OBSERVABILITY_URL`. So are doubled slashes, because Python keeps the trailing one.
 */
export function kindOf(path: string): UploadKind | undefined {
  if (path.length > maxPath || !path.startsWith('/')) return undefined;
  // Segments are compared rather than matched by a pattern, so that the time is linear in the path's length.
  const segments = path.split('/').filter((segment) => segment !== '');
  return endpoints.find(({ segments: end }) => {
    const at = segments.length - end.length;
    return at >= 0 && end.every((segment, n) => segments[at + n] === segment);
  })?.kind;
}

export type Refusal = (typeof refusals)[number];

/**
 * The responses to refused uploads. Their statuses make no SDK wait or retry: Node.js retries 429, 502, 503 and 504, Python
 * 408 and all from 500, for up to ten seconds, while the job waits to end.
 */
const refused: Readonly<Record<Refusal, { status: number; line: string }>> = {
  // With this text, both SDKs stop all uploads of the session, with one warning.
  unauthorized: {
    status: 401,
    line: 'Uploads are disabled by owner: no token of an API key that the gateway knows, with the grant observability.write',
  },
  // A redirect that changes the method to GET loses the body, on every retry.
  redirected: {
    status: 401,
    line: 'Uploads are disabled by owner: a redirect in front of the gateway takes their bodies away; LIVEKIT_OBSERVABILITY_URL has to name the address that it leads to',
  },
  rate_limited: {
    status: 403,
    line: 'Too many uploads with this API key; the limit is an option of the gateway',
  },
  too_large: { status: 413, line: 'The upload is larger than the gateway takes' },
  too_slow: { status: 400, line: 'The upload was too slow' },
  aborted: { status: 400, line: 'The upload ended early' },
  encoding: { status: 415, line: 'The gateway does not know this Content-Encoding' },
  spool_full: { status: 413, line: 'The gateway has no room: its spool is full' },
  disk_full: { status: 413, line: 'The gateway has no room: its disk is full' },
  internal_error: { status: 422, line: 'The gateway could not keep the upload; its log says why' },
};

const isJson = (request: Request): boolean => request.headers['content-type']?.includes('json') ?? false;

export function accept(request: Request, response: Response): void {
  if (isJson(request)) response.status(200).json({});
  // An empty body is the empty protobuf message; Node.js' exporter parses every response as one.
  else response.status(200).type('application/x-protobuf').end();
}

export function refuse(kind: UploadKind, why: Refusal, request: Request, response: Response): void {
  if (response.headersSent || response.destroyed) return;
  const { status, line } = refused[why];
  if (why === 'too_slow') response.setHeader('Connection', 'close');
  // Node.js resends refused logs forever, together with all later ones: they are answered as accepted.
  if (kind === 'logs' && isJson(request) && status !== 401) {
    response.status(200).json({ partialSuccess: { errorMessage: line } });
    return;
  }
  response.status(status).type('text/plain').send(`${line}\n`);
}
