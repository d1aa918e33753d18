import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/**
 * The Prometheus text format 0.0.4; OpenMetrics 1.0; or that with `_created` lines, for a scraper that takes creation times.
 */
export type Format = 'text' | 'openmetrics' | 'openmetrics-created';

/** Builds the whole exposition in one format. */
export type Expose = (format: Format) => Promise<string>;

/** Response bodies of /metrics. */
export interface Scrapes {
  /**
   * The exposition, compressed or not. Requests that come while the same thing is being made get
   * that one, so that ten scrapers at once cost no more than one.
   *
   * @throws what `expose` throws, or an `Error` when it takes longer than the deadline
   */
  body(format: Format, compressed: boolean): Promise<Buffer>;
}

const compress = promisify(gzip);

/** @param deadlineMs after how many milliseconds a build is given up, so that a hung one is not shared for ever */
export function createScrapes(expose: Expose, deadlineMs: number): Scrapes {
  const inFlight = new Map<string, Promise<Buffer>>();

  function shared(key: string, make: () => Promise<Buffer>): Promise<Buffer> {
    const running = inFlight.get(key);
    if (running) return running;
    const made = make().finally(() => inFlight.delete(key));
    inFlight.set(key, made);
    return made;
  }

  const plain = (format: Format) =>
    shared(format, async () => Buffer.from(await within(deadlineMs, expose(format))));

  return {
    body: (format, compressed) =>
      compressed
        ? // Level 1: exposition text shrinks tenfold at once; higher levels cost more than they save.
          shared(`${format}+gzip`, async () => compress(await plain(format), { level: 1 }))
        : plain(format),
  };
}

async function within<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not built within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
