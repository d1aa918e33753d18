import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Counter, Gauge, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { monitor } from '../../src/agent/monitor.ts';
import { observation } from '../../src/catalogue/observation.ts';
import { sampleOf } from './worker/exposition.ts';

/** Reserved for documentation (RFC 5737): no machine has it, so nothing can listen there. */
const host = '192.0.2.1';

test('a metrics server that cannot start is reported and does not stop the agent', async () => {
  const logged: string[] = [];
  const monitoring = await monitor({ host, port: 0, log: (message) => logged.push(message) });
  expect(monitoring.url).toBeUndefined();
  expect(logged.join()).toContain(
    'Host 192.0.2.1 is no address of this machine; pass { host } or set TALKGAUGE_HOST',
  );
  expect(process.env.TALKGAUGE_SOCKET).toBeDefined();
  await monitoring.close();
  expect(process.env.TALKGAUGE_SOCKET).toBeUndefined();
});

test('with strict it is an error and leaves no state', async () => {
  await expect(monitor({ host, port: 0, strict: true })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  expect(process.env.TALKGAUGE_SOCKET).toBeUndefined();
});

describe('prices', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'talkgauge-prices-'));
    file = join(folder, 'prices.yml');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const head = 'version: 1\ndated: 2026-11-01\ncurrency: USD\n';

  test('from an invalid file prevent the start and leave no state', async () => {
    writeFileSync(file, `${head}prices: []\n`);
    await expect(monitor({ port: 0, prices: file })).rejects.toThrow(
      `prices="${file}" cannot be used: ${file}:4: prices takes prices by model`,
    );
    expect(process.env.TALKGAUGE_SOCKET).toBeUndefined();
  });

  test('from a file are applied to usage, and their date is exposed', async () => {
    writeFileSync(file, `${head}prices:\n  acme/m: { requests_per_thousand: 4000 }\n`);
    const monitoring = await monitor({ port: 0, prices: file });
    try {
      const labels = { model_provider: 'acme', model_name: 'm', component: 'eot', unit: 'requests' } as const;
      const request = observation('lk_agents_billable_usage_total', labels, 3);
      monitoring.recorder?.record(request, { agent_name: 'a', agent_version: '1' });
      const text = await (await fetch(`${monitoring.url}/metrics`)).text();
      expect(sampleOf(text, 'lk_agents_cost_usd_total', { agent_name: 'a' })).toBe(12);
      expect(sampleOf(text, 'talkgauge_price_file_timestamp_seconds', { source: 'user' })).toBe(1793491200);
      expect(sampleOf(text, 'talkgauge_price_file_reloads_total', { result: 'failed' })).toBe(0);
    } finally {
      await monitoring.close();
    }
  });
});

describe('a user-defined prom-client registry', () => {
  test('that has a metric of one of our names is left as it was, and the error names it', async () => {
    const registry = new Registry();
    new Counter({ name: 'lk_agents_handoffs_total', help: 'Mine.', registers: [registry] }).inc(3);
    await expect(monitor({ port: 0, registry })).rejects.toThrow(/lk_agents_handoffs_total/);
    expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(['lk_agents_handoffs_total']);
    expect(await registry.getSingleMetricAsString('lk_agents_handoffs_total')).toContain(
      'lk_agents_handoffs_total 3',
    );
  });

  const scrape = async (url: string | undefined) => (await fetch(`${url}/metrics`)).text();

  test('keeps its default labels, separate from the labels of monitor', async () => {
    const registry = new Registry();
    registry.setDefaultLabels({ tenant: 'acme', region: 'eu' });
    new Counter({ name: 'bookings_total', help: 'Bookings.', registers: [registry] }).inc(2);
    const monitoring = await monitor({ port: 0, registry, labels: { region: 'us', zone: 'a' } });
    try {
      const text = await scrape(monitoring.url);
      expect(text).toContain('\nbookings_total{region="eu",zone="a",tenant="acme"} 2\n');
      expect(sampleOf(text, 'talkgauge_build_info', { region: 'eu', tenant: 'acme', zone: 'a' })).toBe(1);
      expect(await registry.getSingleMetricAsString('bookings_total')).toContain(
        '\nbookings_total{tenant="acme",region="eu"} 2',
      );
    } finally {
      await monitoring.close();
    }
  });

  test("keeps its metrics, including those named like prom-client's default metrics, without duplicates", async () => {
    const registry = new Registry();
    const names = [
      'nodejs_active_handles_total',
      'nodejs_active_requests_total',
      'process_cpu_seconds_total',
    ];
    for (const name of names) new Gauge({ name, help: 'Mine.', registers: [registry] }).set(4711);
    const monitoring = await monitor({ port: 0, registry });
    try {
      const text = await scrape(monitoring.url);
      for (const name of names) expect(sampleOf(text, name)).toBe(4711);
      expect(text).not.toContain('nodejs_active_resources_total');
      expect(sampleOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(0);
    } finally {
      await monitoring.close();
    }
  });

  test('contains no Talkgauge metrics after close or a failed start and can be reused', async () => {
    const registry = new Registry();
    new Counter({ name: 'bookings_total', help: 'Bookings.', registers: [registry] });
    await expect(monitor({ host, port: 0, registry, strict: true })).rejects.toThrow();
    for (let round = 0; round < 2; round++) {
      const monitoring = await monitor({ port: 0, registry });
      await monitoring.close();
      expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(['bookings_total']);
    }
  });

  test("without one, prom-client's gauges with counter names are omitted", async () => {
    const monitoring = await monitor({ port: 0, labels: { region: 'eu' } });
    try {
      const text = await scrape(monitoring.url);
      expect(text).not.toMatch(/nodejs_active_\w+_total/);
      expect(sampleOf(text, 'process_cpu_seconds_total', { region: 'eu' })).toBeGreaterThan(0);
    } finally {
      await monitoring.close();
    }
  });
});
