import type { Readable } from 'node:stream';
import { rejectedRecords } from './partial-success.ts';

export interface PostOptions {
  headers: Record<string, string>;
  body: Buffer | Readable;
  /** Milliseconds for the whole request. */
  timeout: number;
  signal: AbortSignal;
}

/** What is sent is refused for good: it would be refused later, too. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** It may be taken later. */
export class NotNow extends Error {
  override readonly name = 'NotNow';
  /** Whether anything else that is sent would fail as well, as far as the answer tells. */
  readonly everything: boolean;
  /** Milliseconds for which the destination asks for peace. */
  readonly retryAfter?: number;
  /** What it was answered with, if it was. */
  readonly status?: number;

  constructor(message: string, about: Pick<NotNow, 'everything' | 'retryAfter' | 'status'>) {
    super(message);
    this.everything = about.everything;
    this.retryAfter = about.retryAfter;
    this.status = about.status;
  }
}

/** Of statuses below 500: those by which the destination is not as it should be, rather than what it was sent. */
const ofDestination: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 425, 429]);

/** Who asks for more peace than this, in milliseconds, is asked again all the same. */
const longestPeace = 600_000;

/**
 * The value of `Retry-After`, in milliseconds from `now` (unix milliseconds).
 *
 * @returns undefined if there is none, or it cannot be read
 */
export function retryAfterOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const after = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(after) ? undefined : Math.min(longestPeace, Math.max(0, after));
}

/**
 * Posts a body.
 *
 * @returns how many of its records were rejected, although the rest was taken
 * @throws Refused if it is refused for good; NotNow if it may work later
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
    throw new NotNow(why || message, { everything: code === 'ECONNREFUSED' || code === 'ENOTFOUND' });
  }
  if (response.ok) return rejectedRecords(response);
  // Backends quote in their answers what they were sent: none of it is repeated here.
  await response.body?.cancel();
  const { status } = response;
  const answered = `it answered ${status}`;
  const retryAfter = retryAfterOf(response.headers.get('retry-after'), Date.now());
  if (ofDestination.has(status)) throw new NotNow(answered, { everything: true, retryAfter, status });
  if (status >= 500) throw new NotNow(answered, { everything: retryAfter !== undefined, retryAfter, status });
  throw new Refused(answered);
}
