import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { afterEach } from 'vitest';
import { type HttpOptions, type MetricsServer, serveMetrics } from '../../src/http/metrics-server.ts';

const open: MetricsServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** A server on a free port that is closed after the test. */
export async function serve(
  options: Partial<HttpOptions> = {},
): Promise<MetricsServer & { logged: string[] }> {
  const logged: string[] = [];
  const server = await serveMetrics({
    expose: async (format) => `# ${format}\n`,
    port: 0,
    log: (message) => logged.push(message),
    ...options,
  });
  open.push(server);
  return { ...server, logged };
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  raw: Buffer;
  text: string;
}

/** One request, with exactly these headers (unlike `fetch`, which adds its own and decompresses). */
export function ask(url: string, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https') ? httpsRequest : httpRequest)(
      url,
      { agent: false, ...options },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const raw = Buffer.concat(chunks);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, raw, text: raw.toString() });
        });
      },
    );
    request.on('error', reject);
    request.end();
  });
}
