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
  /** Whether all other requests would fail as well, according to the response. */
  readonly affectsAll: boolean;
  /** Whether it failed for its API key, which the destination may accept later: however often it fails, it is kept. */
  readonly ofApiKey: boolean;
  /** Milliseconds to wait, from `Retry-After`. */
  readonly retryAfter?: number;
  /** What it was answered with, if it was. */
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

/** Of statuses below 500: those by which the destination is not as it should be, rather than what it was sent. */
const destinationStatuses: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 425, 429]);

/** The longest `Retry-After` that is respected, in milliseconds. */
const maxRetryAfter = 600_000;

/**
 * The value of `Retry-After`, in milliseconds from `now` (unix milliseconds).
 *
 * @returns undefined if there is none, or it cannot be read
 */
export function retryAfterOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const after = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(after) ? undefined : Math.min(maxRetryAfter, Math.max(0, after));
}

/**
 * Posts a body.
 *
 * @returns how many of its records were rejected, although the rest was taken
 * @throws Refused if it is refused for good; RetryableError if it may work later
 */
export async function post(url: string, { headers, body, timeout, signal }: PostOptions): Promise<number> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers,
      body: body as RequestInit['body'],
      // A stream is sent in one direction, says the standard, and Node insists.
      ...(!Buffer.isBuffer(body) && { duplex: 'half' }),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
  } catch (error) {
    const { cause, message } = error as Error;
    const { code, message: why } = (cause ?? {}) as NodeJS.ErrnoException;
    // Nobody listens. In all other cases, what was sent may be what the destination does not get over.
    throw new RetryableError(why || message, { affectsAll: code === 'ECONNREFUSED' || code === 'ENOTFOUND' });
  }
  if (response.ok) return rejectedRecords(response);
  // Backends quote in their answers what they were sent: none of it is repeated here.
  await response.body?.cancel();
  const { status } = response;
  const answered = `it answered ${status}`;
  const retryAfter = retryAfterOf(response.headers.get('retry-after'), Date.now());
  if (destinationStatuses.has(status))
    throw new RetryableError(answered, { affectsAll: true, retryAfter, status });
  if (status >= 500)
    throw new RetryableError(answered, { affectsAll: retryAfter !== undefined, retryAfter, status });
  throw new PermanentError(answered);
}

/** Of traces, logs and metrics alike: the messages differ by names only. */
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

/** What is read of an answer at most, in bytes. */
const longest = 64 * 1024;

/** How many records an OTLP backend says that it rejected, although it took the request; 0 for any other answer. */
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
    // It was taken: what is said of it cannot be read.
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
    if (bytes > longest) return Buffer.alloc(0);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
