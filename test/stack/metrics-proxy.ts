import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy of a /metrics page. It serves all counters at 0 until it is released, and then the real page. */
export interface MetricsProxy {
  /** The scrape target, as `host:port`. */
  target: string;
  release(): void;
  close(): Promise<void>;
}

/** Sets every counter and histogram of a page to 0, because Prometheus sees no increase in the first sample of a series. */
export function withZeroValues(page: string): string {
  const counting = new Set(
    [...page.matchAll(/^# TYPE (\w+) (?:counter|histogram)$/gm)].map(([, name]) => name),
  );
  const isCounting = (series: string) =>
    counting.has(series) || counting.has(series.replace(/_(?:bucket|sum|count)$/, ''));
  return page
    .split('\n')
    .map((line) => {
      const [, series, labels = ''] = line.match(/^(\w+)(\{.*\})? \S+$/) ?? [];
      return series && isCounting(series) ? `${series}${labels} 0` : line;
    })
    .join('\n');
}

/** Starts a proxy. @param url URL of the page */
export async function startMetricsProxy(url: string): Promise<MetricsProxy> {
  let released = false;
  const server = createServer(async (_, response) => {
    try {
      const page = await fetch(url);
      const text = await page.text();
      response
        .writeHead(page.status, { 'content-type': page.headers.get('content-type') ?? '' })
        .end(released ? text : withZeroValues(text));
    } catch {
      response.writeHead(502).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    release: () => {
      released = true;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
