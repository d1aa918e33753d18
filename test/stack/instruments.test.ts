import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { append, familiesOf, render } from '../../src/agent/otel/exposition.ts';
import type { Format } from '../../src/catalogue/exposition-text.ts';
import { eventually, installed, isMissing, type RunningServer } from './programs.ts';
import { prometheusApi } from './prometheus-api.ts';
import { startPrometheus } from './servers.mjs';

class Reader extends MetricReader {
  protected override async onForceFlush() {}
  protected override async onShutdown() {}
}

const contentTypes: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  'openmetrics-created': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};
const formats = Object.keys(contentTypes) as Format[];
const kind = 'a\\b"c\nd';

/** OpenTelemetry instruments on `/metrics`, scraped by a real Prometheus. */
const servers = installed('prometheus', 'prometheus3');
describe.skipIf(isMissing(...servers)).each(servers)('%s', (command) => {
  let page: Server;
  let server: RunningServer;
  let api: ReturnType<typeof prometheusApi>;

  beforeAll(async () => {
    const reader = new Reader();
    const meter = new MeterProvider({ readers: [reader] }).getMeter('library');
    meter
      .createCounter('orders.placed', { description: 'Orders "placed" at C:\\.\nAll.' })
      .add(3.5, { kind });
    const wait = meter.createHistogram('wait', {
      unit: 's',
      advice: { explicitBucketBoundaries: [0.1, 1] },
    });
    for (const value of [0.05, 0.1, 0.5, 3]) wait.record(value, { kind });
    meter.createUpDownCounter('queue.length').add(-2, { kind });
    meter.createGauge('temperature').record(Number.NEGATIVE_INFINITY);
    page = createServer(async ({ url = '' }, response) => {
      const format = url.slice(1) as Format;
      const families = familiesOf((await reader.collect()).resourceMetrics, {}, () => {});
      response.setHeader('Content-Type', contentTypes[format]);
      response.end(append('', render(families, format), format));
    }).listen(0, '127.0.0.1');
    await once(page, 'listening');
    const { port } = page.address() as AddressInfo;
    server = await startPrometheus({
      command,
      config: {
        global: { scrape_interval: '1s', scrape_timeout: '1s' },
        scrape_configs: formats.map((format) => ({
          job_name: format,
          metrics_path: `/${format}`,
          static_configs: [{ targets: [`127.0.0.1:${port}`] }],
        })),
      },
    });
    api = prometheusApi(server.url);
    await eventually(
      async () => (await api.at('up == 1', Date.now() / 1000)).length === formats.length || undefined,
      'a scrape of each format',
      60_000,
    );
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    page?.close();
  });

  test.each(formats)('every sample is read from %s with its measured value', async (job) => {
    const found = await api.at(`{job="${job}", __name__!~"up|scrape_.*|.*_created"}`, Date.now() / 1000);
    const samples = found.map(({ metric, values }) => {
      const { __name__: name, job: _, instance: __, le, ...labels } = metric;
      // Prometheus 3 writes bucket bounds as floats: 1.0.
      const bound = le === undefined ? {} : { le: le.replace(/\.0$/, '') };
      return [name, { ...labels, ...bound }, values[0]?.[1]];
    });
    const sorted = (list: unknown[]) => list.map((entry) => JSON.stringify(entry)).toSorted();
    expect(sorted(samples)).toEqual(
      sorted([
        ['orders_placed_total', { kind }, 3.5],
        ['wait_seconds_bucket', { kind, le: '0.1' }, 2],
        ['wait_seconds_bucket', { kind, le: '1' }, 3],
        ['wait_seconds_bucket', { kind, le: '+Inf' }, 4],
        ['wait_seconds_count', { kind }, 4],
        ['wait_seconds_sum', { kind }, 3.65],
        ['queue_length', { kind }, -2],
        ['temperature', {}, Number.NEGATIVE_INFINITY],
      ]),
    );
  });

  test.each(formats)('type, unit and help are read from %s', async (job) => {
    const targets = encodeURIComponent(`{job="${job}"}`);
    const answer = await fetch(`${server.url}/api/v1/targets/metadata?match_target=${targets}`);
    const { data } = (await answer.json()) as {
      data: { metric: string; type: string; help: string; unit: string }[];
    };
    const metadata = Object.fromEntries(
      data.map(({ metric, type, help, unit }) => [metric, [type, help, unit]]),
    );
    const text = job === 'text';
    expect(metadata).toMatchObject({
      [text ? 'orders_placed_total' : 'orders_placed']: ['counter', 'Orders "placed" at C:\\.\nAll.', ''],
      wait_seconds: ['histogram', 'OpenTelemetry instrument wait.', text ? '' : 'seconds'],
      queue_length: ['gauge', 'OpenTelemetry instrument queue.length.', ''],
    });
  });
});
