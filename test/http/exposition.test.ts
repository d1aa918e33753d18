import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { acceptsGzip, createScrapes, type Format, negotiateFormat } from '../../src/http/exposition.ts';

/** An `expose` with pending calls that the test resolves or rejects. */
function pendingExpose() {
  const calls: { format: Format; answer: (text: string) => void; fail: (error: Error) => void }[] = [];
  const expose = (format: Format) =>
    new Promise<string>((answer, fail) => {
      calls.push({ format, answer, fail });
    });
  return { calls, expose };
}

describe('concurrent scrapes', () => {
  test('of one format and encoding share one build and one compression', async () => {
    const { calls, expose } = pendingExpose();
    const scrapes = createScrapes(expose, 5_000);
    const bodies = [1, 2, 3].map(() => scrapes.body('text', true));
    calls[0]?.answer('up 1\n');
    const [first, second, third] = await Promise.all(bodies);
    expect(calls).toHaveLength(1);
    expect(second).toBe(first);
    expect(third).toBe(first);
    expect(gunzipSync(first as Buffer).toString()).toBe('up 1\n');
  });

  test('of one format share the build when only one of them is compressed', async () => {
    const { calls, expose } = pendingExpose();
    const scrapes = createScrapes(expose, 5_000);
    const [compressed, uncompressed] = [scrapes.body('text', true), scrapes.body('text', false)];
    calls[0]?.answer('up 1\n');
    expect((await uncompressed).toString()).toBe('up 1\n');
    expect(gunzipSync(await compressed).toString()).toBe('up 1\n');
    expect(calls).toHaveLength(1);
  });

  test('of different formats do not share a build', async () => {
    const { calls, expose } = pendingExpose();
    const scrapes = createScrapes(expose, 5_000);
    const bodies = [scrapes.body('text', false), scrapes.body('openmetrics', false)];
    for (const { format, answer } of calls) answer(format);
    expect((await Promise.all(bodies)).map(String)).toEqual(['text', 'openmetrics']);
  });
});

test('a later scrape triggers a new build', async () => {
  let builds = 0;
  const scrapes = createScrapes(async () => `build ${++builds}`, 5_000);
  expect((await scrapes.body('text', false)).toString()).toBe('build 1');
  expect((await scrapes.body('text', false)).toString()).toBe('build 2');
  expect(gunzipSync(await scrapes.body('text', true)).toString()).toBe('build 3');
});

test('a failed build fails the scrapes that share it and not the next one', async () => {
  const { calls, expose } = pendingExpose();
  const scrapes = createScrapes(expose, 5_000);
  const bodies = [scrapes.body('text', true), scrapes.body('text', true)];
  calls[0]?.fail(new Error('broken collector'));
  for (const body of bodies) await expect(body).rejects.toThrow('broken collector');
  const next = scrapes.body('text', false);
  calls[1]?.answer('up 1\n');
  expect((await next).toString()).toBe('up 1\n');
});

test('a build that hangs times out, and the next scrape gets a new one', async () => {
  const { calls, expose } = pendingExpose();
  const scrapes = createScrapes(expose, 20);
  await expect(scrapes.body('text', false)).rejects.toThrow('not built within 20 ms');
  const next = scrapes.body('text', false);
  calls[1]?.answer('up 1\n');
  expect((await next).toString()).toBe('up 1\n');
});

describe('the format follows Accept', () => {
  test.each([
    // Prometheus 2.42, default.
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    // Prometheus 3, default protocols.
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    // Prometheus 3 with creation times (or native histograms): the first choice is not supported.
    [
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics-created',
    ],
    // The same, configured to prefer OpenMetrics, or text; and a scraper that accepts only protobuf.
    [
      'application/openmetrics-text;version=1.0.0;q=0.6,application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5,*/*;q=0.2',
      'openmetrics',
    ],
    [
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.6,*/*;q=0.2',
      'text',
    ],
    ['application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited', 'text'],
    ['application/*;q=0.9,application/openmetrics-text;q=0.5', 'openmetrics'],
    // Prometheus 3 configured to prefer text.
    [
      'text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,*/*;q=0.2',
      'text',
    ],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text; version="1.0.0"; charset=utf-8', 'openmetrics'],
    ['APPLICATION/OpenMetrics-Text ; Version=1.0.0 ; Q=0.5', 'openmetrics'],
    ['text/plain, application/openmetrics-text', 'openmetrics'],
    ['*/*;q=0.1, application/openmetrics-text;q=0.1', 'openmetrics'],
    ['application/*', 'openmetrics'],
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/*', 'text'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
    ['application/json', 'text'],
    ['application/openmetrics-text;version=0.0.1', 'text'],
    ['application/openmetrics-text;q=0, */*', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=oops, text/plain;q=0.1', 'text'],
    ['application/openmetrics-text;q=7, text/plain;q=0.1', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0.2, text/plain;q=0.9', 'text'],
    [',;,q=1;;=,', 'text'],
  ])('%j is answered with %s', (accept, format) => {
    expect(negotiateFormat(accept)).toBe(format);
  });

  test('the most specific media range decides in any order', () => {
    expect(negotiateFormat('text/plain;q=0, */*;q=1')).toBe('openmetrics');
    expect(negotiateFormat('*/*;q=1, text/plain;q=0')).toBe('openmetrics');
    expect(negotiateFormat('application/*;q=1, application/openmetrics-text;q=0.1, text/plain;q=0.5')).toBe(
      'text',
    );
  });
});

describe('gzip follows Accept-Encoding', () => {
  test.each([
    ['gzip', true],
    ['gzip, deflate, br', true],
    ['x-gzip', true],
    ['*', true],
    ['deflate;q=1, GZIP;q=0.001', true],
    ['gzip;q=0.5, identity;q=0.5', true],
    [undefined, false],
    ['', false],
    ['identity', false],
    ['br', false],
    ['gzip;q=0', false],
    ['gzip;q=0, *', false],
    ['*;q=0', false],
    ['gzip;q=0.1, identity;q=0.9', false],
  ])('%j: %s', (acceptEncoding, compressed) => {
    expect(acceptsGzip(acceptEncoding)).toBe(compressed);
  });
});
