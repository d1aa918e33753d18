import {
  constants,
  type EventLoopUtilization,
  monitorEventLoopDelay,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { MeterProvider } from '@opentelemetry/api';

/** The scope of the instruments that are written here, after OpenTelemetry's semantic conventions. */
export const scope = 'talkgauge/node';

const gcTypes: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};
/** In seconds; an audio frame is 10 or 20 ms long. */
const gcBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

export interface NodeActivityOptions {
  provider: MeterProvider;
  /** What kind of process this is: the label that distinguishes workers from jobs. */
  process: 'worker' | 'job';
  /** How often, in milliseconds, the time of the event loop is taken. @default 5000 */
  intervalMs?: number;
}

/**
 * Measures what adds up over processes: each garbage collection, and the time that the event loop
 * was active and idle. Returns what stops it, after a last measurement.
 *
 * `@opentelemetry/instrumentation-runtime-node` has the same instruments. It is not used, because it
 * counts one collection of each batch that Node reports, so that in a stall it misses nearly all of
 * them, and because merely making one hooks `require` for good.
 */
export function recordNodeActivity({
  provider,
  process,
  intervalMs = 5_000,
}: NodeActivityOptions): () => void {
  const meter = provider.getMeter(scope);
  const gc = meter.createHistogram('v8js.gc.duration', {
    unit: 's',
    description: 'Garbage collections, by type.',
    advice: { explicitBucketBoundaries: gcBuckets },
  });
  const observeGc = (entries: ReturnType<PerformanceObserver['takeRecords']>) => {
    for (const entry of entries) {
      const { duration, detail } = entry as unknown as { duration: number; detail: { kind: number } };
      gc.record(duration / 1000, { process, 'v8js.gc.type': gcTypes[detail.kind] ?? 'other' });
    }
  };
  const observer = new PerformanceObserver((list) => observeGc(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });

  const time = meter.createCounter('nodejs.eventloop.time', {
    unit: 's',
    description: 'Time that the event loop was in each state.',
  });
  // From now on: what a process of the warm pool idled away before its job is not the job's.
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  const takeTime = () => {
    const now = performance.eventLoopUtilization();
    for (const state of ['active', 'idle'] as const) {
      const seconds = (now[state] - last[state]) / 1000;
      if (seconds > 0) time.add(seconds, { process, 'nodejs.eventloop.state': state });
    }
    last = now;
  };
  const timer = setInterval(takeTime, intervalMs).unref();

  return () => {
    clearInterval(timer);
    observeGc(observer.takeRecords());
    observer.disconnect();
    takeTime();
  };
}

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
