import type { Readable } from 'node:stream';
import type { Message, MessageType } from '@bufbuild/protobuf';
import { message, messageType, scalar } from '../decode/otlp-schema.ts';

export interface PostOptions {
  headers: Record<string, string>;
  body: Buffer | Readable;
  /** Milliseconds for the whole request. */
  timeout: number;
  signal: AbortSignal;
}

/** The request is refused permanently: a retry would be refused, too. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

/** The request may succeed later. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  /** Whether all other requests would fail as well, judging by the response. */
  readonly affectsAll: boolean;
  /** Whether it failed for its API key, which the destination may accept later: however often it fails, it is kept. */
  readonly ofApiKey: boolean;
  /** Milliseconds to wait, from `Retry-After`. */
  readonly retryAfter?: number;
  /** The status of the response, if there was one. */
  readonly status?: number;

  constructor(
    message: string,
    about: Pick<RetryableError, 'affectsAll' | 'retryAfter' | 'status'> & { ofApiKey?: boolean },
  ) {
    super(message);
    this.affectsAll = about.affectsAll;
    this.ofApiKey = about.ofApiKey ?? false;
    this.retryAfter = about.retryAfter;
    this.status = about.status;
  }
}

/** The statuses below 500 that indicate a problem of the destination rather than of the request. */
const destinationStatuses: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 425, 429]);

/** The longest `Retry-After` that is respected, in milliseconds. */
const maxRetryAfter = 600_000;

/**
 * The value of `Retry-After`, in milliseconds from `now` (unix milliseconds).
 *
 * @returns undefined if it is missing or invalid
 */
export function retryAfterOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const after = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(after) ? undefined : Math.min(maxRetryAfter, Math.max(0, after));
}

/**
 * Posts a body.
 *
 * @returns the number of records that were rejected, although the rest was accepted
 * @throws PermanentError if it is refused permanently; RetryableError if it may succeed later
 */
export async function post(url: string, { headers, body, timeout, signal }: PostOptions): Promise<number> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers,
      body: body as RequestInit['body'],
      // Required by the Fetch standard and by Node for a streamed body.
      ...(!Buffer.isBuffer(body) && { duplex: 'half' }),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
  } catch (error) {
    const { cause, message } = error as Error;
    const { code, message: why } = (cause ?? {}) as NodeJS.ErrnoException;
    // Nothing listens there. In all other cases, the request itself may cause the failure.
    throw new RetryableError(why || message, { affectsAll: code === 'ECONNREFUSED' || code === 'ENOTFOUND' });
  }
  if (response.ok) return rejectedRecords(response);
  // Backends quote the request in their responses: none of it is logged.
  await response.body?.cancel();
  const { status } = response;
  const message = `it answered ${status}`;
  const retryAfter = retryAfterOf(response.headers.get('retry-after'), Date.now());
  if (destinationStatuses.has(status))
    throw new RetryableError(message, { affectsAll: true, retryAfter, status });
  if (status >= 500)
    throw new RetryableError(message, { affectsAll: retryAfter !== undefined, retryAfter, status });
  throw new PermanentError(message);
}

/** The same for traces, logs and metrics: the messages differ only in names. */
interface PartialSuccess extends Message<PartialSuccess> {
  rejected: bigint;
}
interface ExportResponse extends Message<ExportResponse> {
  partialSuccess?: PartialSuccess;
}
const PartialSuccess: MessageType<PartialSuccess> = messageType('ExportPartialSuccess', () => [
  scalar(1, 'rejected', 'int64'),
]);
const ExportResponse: MessageType<ExportResponse> = messageType('ExportServiceResponse', () => [
  message(1, 'partial_success', PartialSuccess),
]);

const jsonNames = ['rejectedSpans', 'rejectedLogRecords', 'rejectedDataPoints'] as const;

/** Maximum bytes that are read of a response. */
const maxResponseBytes = 64 * 1024;

/** The number of records that an OTLP backend rejected in an accepted request; 0 for any other response. */
export async function rejectedRecords(response: Response): Promise<number> {
  try {
    const body = await beginningOf(response);
    if (body.length === 0) return 0;
    if (response.headers.get('content-type')?.includes('json')) {
      const { partialSuccess } = JSON.parse(body.toString()) as {
        partialSuccess?: Partial<Record<(typeof jsonNames)[number], string | number>>;
      };
      // int64 is text in protobuf's JSON.
      return countOf(jsonNames.map((name) => partialSuccess?.[name]).find((value) => value !== undefined));
    }
    return countOf(ExportResponse.fromBinary(body).partialSuccess?.rejected);
  } catch {
    // The request was accepted, and its response is unreadable.
    return 0;
  }
}

function countOf(value: string | number | bigint | undefined): number {
  const count = Number(value ?? 0);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

async function beginningOf(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxResponseBytes) return Buffer.alloc(0);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
