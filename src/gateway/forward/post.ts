import type { Readable } from 'node:stream';

export interface PostOptions {
  headers: Record<string, string>;
  body: Buffer | Readable;
  /** Milliseconds for the whole request. */
  timeout: number;
  signal: AbortSignal;
}

/** Of statuses from 400: those that may be another later. */
const passing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** What is not taken now is not taken later either. */
export class Refused extends Error {}

/**
 * Posts a body. Resolves when it was taken.
 *
 * @throws Refused if it is refused for good; another Error if it may work later
 */
export async function post(url: string, { headers, body, timeout, signal }: PostOptions): Promise<void> {
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
    throw new Error((cause as Error | undefined)?.message || message);
  }
  // Backends quote in their answers what they were sent: none of it is repeated here.
  await response.body?.cancel();
  if (response.ok) return;
  const answered = `it answered ${response.status}`;
  throw passing(response.status) ? new Error(answered) : new Refused(answered);
}
