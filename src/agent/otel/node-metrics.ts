import { constants, type EventLoopUtilization, PerformanceObserver, performance } from 'node:perf_hooks';
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
  /** What kind of process this is: the label that tells workers from jobs. */
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
