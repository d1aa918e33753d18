import type { Request, RequestHandler, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { isSupportedEncoding } from '../decode/decode-limits.ts';
import { NoSpaceError, type Spool } from '../spool/spool.ts';
import type { Telemetry } from '../telemetry.ts';
import { issuerOf, type KeySource } from './api-keys.ts';
import { accept, kindOf, type Refusal, refuse, type UploadKind } from './endpoints.ts';
import { bodyAtMinimumRate, drainBody, type Limits, type MinimumRate, TooSlow } from './limits.ts';

/** The uploads that are synced to disk before the response. */
export type SyncPolicy = 'always' | 'recordings' | 'never';

export interface UploadsOptions {
  spool: Spool;
  keys: KeySource;
  limits: Limits;
  sync: SyncPolicy;
  telemetry: Telemetry;
  /** Counts the uploads in progress. */
  load: Load;
  log: (message: string) => void;
}

/** The load of the gateway. */
export interface Load {
  receiving: number;
}

/** The SDKs' endpoints: an upload is written into the spool, and then answered. */
export function createUploads(options: UploadsOptions): RequestHandler[] {
  const { keys, limits, telemetry } = options;

  const reject = (kind: UploadKind, why: Refusal, request: Request, response: Response) => {
    telemetry.count('talkgauge_gateway_refused_total', { kind, reason: why });
    refuse(kind, why, request, response);
    const minimumRate = minimumRateOf(kind, limits);
    const { issuer } = response.locals;
    const totalMs = issuer === undefined ? limits.unauthenticatedSeconds * 1000 : minimumRate.totalMs;
    void drainBody(request, { ...minimumRate, totalMs: Math.min(totalMs, minimumRate.totalMs) });
  };

  /** Passes requests that are no uploads, and uploads with a valid token. */
  const authorized: RequestHandler = async (request, response, next) => {
    const { method } = request;
    const kind = method === 'POST' || method === 'GET' ? kindOf(request.path) : undefined;
    if (kind === undefined) return next('router');
    if (method === 'GET') return reject(kind, 'redirected', request, response);
    const issuer = await issuerOf(request.headers.authorization, keys.current());
    if (issuer === undefined) return reject(kind, 'unauthorized', request, response);
    response.locals.kind = kind;
    response.locals.issuer = issuer;
    next();
  };

  const limited = rateLimit({
    windowMs: 60_000,
    limit: limits.perMinute,
    standardHeaders: false,
    legacyHeaders: false,
    keyGenerator: (_request, response) => String(response.locals.issuer),
    handler: (request, response) => reject(response.locals.kind, 'rate_limited', request, response),
  });

  const received: RequestHandler = async (request, response) => {
    const kind = response.locals.kind as UploadKind;
    const start = performance.now();
    options.load.receiving++;
    try {
      const why = await take(kind, response.locals.issuer, request, options);
      if (why === undefined) accept(request, response);
      else if (why === 'kept_in_part') {
        telemetry.count('talkgauge_gateway_refused_total', { kind, reason: 'too_large' });
        accept(request, response);
      } else reject(kind, why, request, response);
    } catch (error) {
      options.log(`An upload of ${kind} could not be kept: ${(error as Error).message}`);
      reject(kind, 'internal_error', request, response);
    }
    options.load.receiving--;
    telemetry.observe(
      'talkgauge_gateway_answer_duration_seconds',
      { kind },
      (performance.now() - start) / 1000,
    );
  };
  return [authorized, limited, received];
}

const minimumRateOf = (kind: UploadKind, { seconds, minRate, graceSeconds }: Limits): MinimumRate => ({
  totalMs: seconds[kind] * 1000,
  minRate,
  graceMs: graceSeconds * 1000,
});

/** Spools an upload. Returns why it failed, or undefined. Of a recording that is too large, the beginning is kept. */
async function take(
  kind: UploadKind,
  issuer: string,
  request: Request,
  { spool, limits, sync, telemetry }: UploadsOptions,
): Promise<Refusal | 'kept_in_part' | undefined> {
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase();
  if (!isSupportedEncoding(encoding)) return 'encoding';
  const most = limits.body[kind];
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > most && kind !== 'recordings') return 'too_large';
  const body = bodyAtMinimumRate(request, minimumRateOf(kind, limits));
  const meta = { kind, issuer, encoding, type: request.headers['content-type'] ?? '', at: Date.now() };
  try {
    const entry = await spool.receive(meta, body, {
      most,
      expected: Math.min(announced, most),
      sync: sync === 'always' || (sync === 'recordings' && kind === 'recordings'),
    });
    if (entry.cut && kind !== 'recordings') {
      await spool.remove(entry);
      return 'too_large';
    }
    telemetry.count('talkgauge_gateway_uploads_total', { kind });
    telemetry.count('talkgauge_gateway_upload_bytes_total', { kind }, entry.bytes);
    return entry.cut ? 'kept_in_part' : undefined;
  } catch (error) {
    if (error instanceof NoSpaceError) return error.reason;
    if (error instanceof TooSlow) return 'too_slow';
    if (request.destroyed && !request.complete) return 'aborted';
    throw error;
  }
}
