import type { IncomingMessage } from 'node:http';

/** The body of a request to a test server; undefined if the client disconnected before its end, as one that is closed does. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch {
    return undefined;
  }
}
