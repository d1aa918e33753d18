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

/**
 * Posts a body.
 *
 * @returns whether it was taken, or is refused for good
 * @throws Error if it may work later
 */
export async function post(
  url: string,
  { headers, body, timeout, signal }: PostOptions,
): Promise<'ok' | 'rejected'> {
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
  if (response.ok) return 'ok';
  if (passing(response.status)) throw new Error(`it answered ${response.status}`);
  return 'rejected';
}
