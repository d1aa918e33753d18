import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page of metrics that is seen through this server: first as if nothing had been counted yet, then as it is. */
export interface Held {
  /** `host:port`, as Prometheus names it. */
  target: string;
  release(): void;
  close(): Promise<void>;
}

/** Every counter and histogram of a page at 0: Prometheus sees no increase of a series that is born with its first event. */
export function atZero(page: string): string {
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

/** Holds a page back. @param url of the page */
export async function heldBack(url: string): Promise<Held> {
  let released = false;
  const server = createServer(async (_, response) => {
    try {
      const page = await fetch(url);
      const text = await page.text();
      response
        .writeHead(page.status, { 'content-type': page.headers.get('content-type') ?? '' })
        .end(released ? text : atZero(text));
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
