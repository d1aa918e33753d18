import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { createMeterProvider, routesOf } from '../../../src/agent/otel/meter-provider.ts';
import { recordNodeActivity } from '../../../src/agent/otel/node-metrics.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import type { MetricSpec } from '../../../src/catalogue/types.ts';

const specs: Record<string, MetricSpec> = {
  gc_seconds: {
    type: 'histogram',
    help: '',
    unit: 'seconds',
    labels: { v8js_gc_type: 'open', process: 'open' },
    source: 'OpenTelemetry: v8js.gc.duration',
  },
  time_seconds_total: {
    type: 'counter',
    help: '',
    unit: 'seconds',
    labels: { nodejs_eventloop_state: 'open', process: 'open' },
    source: 'OpenTelemetry: nodejs.eventloop.time',
  },
};

function start(intervalMs?: number) {
  const recorded: Observation[] = [];
  const provider = createMeterProvider({
    routes: routesOf(specs),
    record: (sample) => recorded.push(sample),
  });
  const stop = recordNodeActivity({ provider, process: 'job', intervalMs });
  const of = (metric: string) => recorded.filter((sample) => (sample.metric as string) === metric);
  return { of, stop };
}

function block(ms: number): void {
  const end = performance.now() + ms;
  let garbage: unknown[] = [];
  while (performance.now() < end) {
    garbage.push(new Array(100).fill(1));
    if (garbage.length > 10_000) garbage = [];
  }
}

test('each garbage collection of a stall is counted, not one per batch', async () => {
  let batches = 0;
  let collections = 0;
  const oracle = new PerformanceObserver((list) => {
    batches++;
    collections += list.getEntries().length;
  });
  oracle.observe({ entryTypes: ['gc'] });
  const { of, stop } = start();
  block(200);
  await vi.waitFor(() => expect(collections).toBeGreaterThan(batches), { timeout: 60_000 });
  oracle.disconnect();
  const seen = collections;
  await vi.waitFor(() => expect(of('gc_seconds').length).toBeGreaterThanOrEqual(seen), { timeout: 60_000 });
  stop();
  const samples = of('gc_seconds');
  for (const { labels, value } of samples) {
    expect(labels.process).toBe('job');
    expect(['major', 'minor', 'incremental', 'weakcb']).toContain(labels.v8js_gc_type);
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThan(10);
  }
});

test.each([20, 60_000])(
  'sampled every %i ms, the event loop time is complete up to the stop',
  async (intervalMs) => {
    // Starting and stopping may take a while on a busy machine, so the measured time is between these limits.
    const beforeStart = performance.now();
    const { of, stop } = start(intervalMs);
    const started = performance.now();
    const utilization = performance.eventLoopUtilization();
    await sleep(100);
    block(100);
    await sleep(50);
    const beforeStop = performance.now();
    const between = performance.eventLoopUtilization(utilization);
    stop();
    const stopped = performance.now();
    const sum = (state: string) =>
      of('time_seconds_total')
        .filter(({ labels }) => labels.nodejs_eventloop_state === state)
        .reduce((total, { value }) => total + value, 0);
    expect(sum('active')).toBeGreaterThan(0.09);
    // A busy machine may give it less than the 150 ms of waiting.
    expect(between.idle).toBeGreaterThan(0);
    expect(sum('idle')).toBeGreaterThan(between.idle / 1000 - 0.01);
    expect(sum('active') + sum('idle')).toBeLessThan((stopped - beforeStart) / 1000 + 0.1);
    expect(sum('active') + sum('idle')).toBeGreaterThan((beforeStop - started) / 1000 - 0.1);
  },
);

test('nothing is measured after the stop', async () => {
  const { of, stop } = start(5);
  stop();
  const before = of('time_seconds_total').length + of('gc_seconds').length;
  block(50);
  await sleep(50);
  expect(of('time_seconds_total').length + of('gc_seconds').length).toBe(before);
});
