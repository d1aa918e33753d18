import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { MeterProvider } from '@opentelemetry/api';
import { scope } from './node-metrics.ts';

/**
 * Measures the state of this process at each collection: event-loop delay and utilization since the
 * last one, heap, active resources. Returns what stops it.
 */
export function observeNodeState(provider: MeterProvider): () => void {
  const meter = provider.getMeter(scope);
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description });

  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const delays = {
    min: () => delay.min,
    max: () => delay.max,
    mean: () => delay.mean,
    stddev: () => delay.stddev,
    p50: () => delay.percentile(50),
    p90: () => delay.percentile(90),
    p99: () => delay.percentile(99),
  };
  const delayGauges = Object.entries(delays).map(([figure, read]) => ({
    read,
    instrument: gauge(
      `nodejs.eventloop.delay.${figure}`,
      's',
      `Event-loop delay since the last collection: ${figure}.`,
    ),
  }));

  const utilization = gauge(
    'nodejs.eventloop.utilization',
    '1',
    'Share of time that the event loop was active.',
  );
  let last = performance.eventLoopUtilization();

  const limit = gauge('v8js.memory.heap.limit', 'By', 'The most that the heap may take.');
  const spaces = {
    space_size: gauge('v8js.memory.heap.space.size', 'By', 'Memory allocated for a heap space.'),
    space_used_size: gauge('v8js.memory.heap.used', 'By', 'Memory in use in a heap space.'),
    space_available_size: gauge(
      'v8js.memory.heap.space.available_size',
      'By',
      'Memory left in a heap space.',
    ),
    physical_space_size: gauge(
      'v8js.memory.heap.space.physical_size',
      'By',
      'Memory committed to a heap space.',
    ),
  };

  const active = gauge(
    'v8js.resource.active',
    '{resource}',
    'Resources that keep the event loop alive, by type.',
  );
  const types = new Set<string>();

  const all = [
    ...delayGauges.map(({ instrument }) => instrument),
    utilization,
    limit,
    active,
    ...Object.values(spaces),
  ];
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    // Without a sample the figures are NaN and an absurd minimum.
    if (delay.count > 0) {
      for (const { read, instrument } of delayGauges) result.observe(instrument, read() / 1e9);
      delay.reset();
    }
    const now = performance.eventLoopUtilization();
    result.observe(utilization, performance.eventLoopUtilization(now, last).utilization);
    last = now;
    result.observe(limit, getHeapStatistics().heap_size_limit);
    for (const space of getHeapSpaceStatistics()) {
      for (const [field, instrument] of Object.entries(spaces)) {
        result.observe(instrument, space[field as keyof typeof spaces], {
          'v8js.heap.space.name': space.space_name,
        });
      }
    }
    const counts = new Map<string, number>();
    for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
    for (const type of counts.keys()) types.add(type);
    for (const type of types) result.observe(active, counts.get(type) ?? 0, { 'v8js.resource.type': type });
  };
  meter.addBatchObservableCallback(observe, all);
  return () => {
    meter.removeBatchObservableCallback(observe, all);
    delay.disable();
  };
}
