import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { withDeadline } from '../deadline.ts';

/**
 * The Prometheus text format 0.0.4; OpenMetrics 1.0; or OpenMetrics with `_created` lines, for a scraper that reads creation times.
 */
export type Format = 'text' | 'openmetrics' | 'openmetrics-created';

/** Builds the whole exposition in one format. */
export type Expose = (format: Format) => Promise<string>;

/** Response bodies of /metrics. */
export interface Scrapes {
  /**
   * The exposition, compressed or not. Concurrent requests for the same format share one build.
   *
   * @throws what `expose` throws, or an `Error` when it takes longer than the deadline
   */
  body(format: Format, compressed: boolean): Promise<Buffer>;
}

const compress = promisify(gzip);

/** @param deadlineMs timeout of a build in milliseconds, so that one that hangs is not shared forever */
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
    shared(format, async () => Buffer.from(await withDeadline(deadlineMs, expose(format), late)));
  const late = () => {
    throw new Error(`not built within ${deadlineMs} ms`);
  };

  return {
    body: (format, compressed) =>
      compressed
        ? // Level 1: exposition text shrinks tenfold at once; higher levels cost more than they save.
          shared(`${format}+gzip`, async () => compress(await plain(format), { level: 1 }))
        : plain(format),
  };
}

interface MediaType {
  type: string;
  version: string;
  /** The Content-Type of the response. */
  contentType: string;
}

const openMetrics: MediaType = {
  type: 'application/openmetrics-text',
  version: '1.0.0',
  contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

export const mediaTypes: Readonly<Record<Format, MediaType>> = {
  openmetrics: openMetrics,
  'openmetrics-created': openMetrics,
  text: { type: 'text/plain', version: '0.0.4', contentType: 'text/plain; version=0.0.4; charset=utf-8' },
};

/**
 * Prometheus prefers it once it reads creation times
 * (`--enable-feature=created-timestamp-zero-ingestion`). For other clients, `_created` lines are only additional series.
 */
const protobuf = { type: 'application/vnd.google.protobuf', version: '' };

/** One comma-separated part of an Accept or Accept-Encoding header. */
interface Preference {
  value: string;
  parameters: ReadonlyMap<string, string>;
  /** 0 (refused) to 1; anything else counts as refused. */
  quality: number;
}

function preferences(header: string): Preference[] {
  return header.split(',').flatMap((part) => {
    const [value = '', ...rest] = part.split(';').map((piece) => piece.trim());
    if (!value) return [];
    const parameters = new Map<string, string>();
    for (const piece of rest) {
      const [name = '', ...text] = piece.split('=');
      parameters.set(
        name.trim().toLowerCase(),
        text
          .join('=')
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      );
    }
    const quality = Number(parameters.get('q') ?? 1);
    return [{ value: value.toLowerCase(), parameters, quality: quality >= 0 && quality <= 1 ? quality : 0 }];
  });
}

/** How closely an Accept range names a media type; undefined: it does not cover it. */
function specificity(
  range: Preference,
  { type, version }: Omit<MediaType, 'contentType'>,
): number | undefined {
  if (range.value === type) {
    const wanted = range.parameters.get('version');
    if (wanted === undefined) return 2;
    return wanted === version ? 3 : undefined;
  }
  if (range.value === `${type.split('/')[0]}/*`) return 1;
  return range.value === '*/*' ? 0 : undefined;
}

/** The quality that the closest range gives to a media type (RFC 9110, 12.5.1). */
function qualityOf(
  accepted: Preference[],
  mediaType: Omit<MediaType, 'contentType'>,
): { quality: number; named: boolean } {
  let closest = -1;
  let quality = 0;
  for (const range of accepted) {
    const close = specificity(range, mediaType);
    if (close === undefined || close < closest) continue;
    quality = close > closest ? range.quality : Math.max(quality, range.quality);
    closest = close;
  }
  return { quality, named: closest >= 2 };
}

/**
 * The format to answer with. OpenMetrics (with creation times for a client that prefers protobuf to it) when the client prefers it, or names it and likes both alike;
 * text in any other case, also when nothing matches: a scraper reads it rather than an error.
 */
export function negotiateFormat(accept: string | undefined): Format {
  const accepted = preferences(accept ?? '');
  const openmetrics = qualityOf(accepted, mediaTypes.openmetrics);
  const text = qualityOf(accepted, mediaTypes.text);
  const preferred =
    openmetrics.quality > text.quality ||
    (openmetrics.named && openmetrics.quality > 0 && openmetrics.quality === text.quality);
  if (!preferred) return 'text';
  const { named, quality } = qualityOf(accepted, protobuf);
  return named && quality > openmetrics.quality ? 'openmetrics-created' : 'openmetrics';
}

/** Whether to compress with gzip: the client accepts it and does not prefer identity. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const accepted = preferences(acceptEncoding ?? '');
  const of = (...codings: string[]) => accepted.find(({ value }) => codings.includes(value))?.quality;
  const gzip = of('gzip', 'x-gzip') ?? of('*') ?? 0;
  return gzip > 0 && gzip >= (of('identity') ?? 0);
}
