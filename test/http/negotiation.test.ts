import { describe, expect, test } from 'vitest';
import { acceptsGzip, negotiateFormat } from '../../src/http/negotiation.ts';

describe('the format follows Accept', () => {
  test.each([
    // Prometheus 2.42, as it sends it.
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    // Prometheus 3, default protocols.
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    // Prometheus 3 with creation times (or native histograms): the first choice is one that is not served.
    [
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics-created',
    ],
    // The same, told to prefer OpenMetrics, or text; and a scraper that takes nothing else.
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
    // Prometheus 3 told to prefer text.
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

  test('the most specific range decides, whatever the order', () => {
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
