import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { SignJWT } from 'jose';

/** A request as an SDK made it; see test/fixtures/insights. */
export interface Captured {
  name: string;
  kind: 'traces' | 'logs' | 'metrics' | 'recordings';
  path: string;
  headers: Record<string, string>;
  authorization: string;
  body: Buffer;
}

const folder = new URL('../fixtures/insights/', import.meta.url);

/** Two real jobs of @livekit/agents 1.9.0, request by request: `full` (without its audio) and `flush`. */
export const captured: readonly Captured[] = (
  JSON.parse(readFileSync(new URL('requests.json', folder), 'utf8')) as Omit<Captured, 'body'>[]
).map((found) => ({ ...found, body: readFileSync(new URL(`${found.name}.bin`, folder)) }));

export const capturedOf = (job: 'full' | 'flush'): Captured[] =>
  captured.filter(({ name }) => name.startsWith(job));

export const one = (name: string): Captured => {
  const found = captured.find((each) => each.name === name);
  if (!found) throw new Error(`no captured request is called ${name}`);
  return found;
};

/** The API key of the captured jobs. */
export const key = { key: 'devkey', secret: 'devsecretdevsecretdevsecretdevsecret' };

export interface TokenOptions {
  issuer?: string;
  secret?: string;
  /** Seconds from now. */
  expires?: number;
  notBefore?: number;
  claims?: Record<string, unknown>;
}

export async function tokenOf({
  issuer = key.key,
  secret = key.secret,
  expires = 6 * 3600,
  notBefore = 0,
  claims = { observability: { write: true } },
}: TokenOptions = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setNotBefore(now + notBefore)
    .setExpirationTime(now + expires)
    .sign(new TextEncoder().encode(secret));
}

export interface Answer {
  status: number;
  body: string;
  headers: Record<string, string | string[] | undefined>;
}

/** Sends bytes and a path unchanged: `fetch` would normalize the path. */
export function post(
  url: string,
  path: string,
  headers: Record<string, string>,
  body: Buffer,
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          headers: response.headers,
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export interface UploadOptions {
  token?: string;
  path?: string;
  headers?: Record<string, string>;
}

/** Repeats a captured request with a new token. */
export async function upload(url: string, what: Captured, options: UploadOptions = {}): Promise<Answer> {
  const token = options.token ?? (await tokenOf());
  const headers = { ...what.headers, authorization: `Bearer ${token}`, ...options.headers };
  return post(url, options.path ?? what.path, headers, what.body);
}
