import type { Sink } from '../../catalogue/observation.ts';
import type { MetricSpec } from '../../catalogue/types.ts';
import { createMeterProvider, registerMeterProvider, routesOf } from './meter-provider.ts';
import { recordNodeActivity } from './node-metrics.ts';

export interface ForwardOptions {
  /** Gets what the catalogue's instruments measure: the relay, or the recorder of this process. */
  record: Sink;
  /** Takes warnings, one line each. @default console.warn */
  log?: Log;
  /** @default the catalogue */
  specs?: Readonly<Record<string, MetricSpec>>;
}

/**
 * In a job process: what OpenTelemetry instruments of the catalogue measure (stalls of the event loop,
 * garbage collections, time of the event loop) goes to `record`.
 *
 * Nothing else leaves the job. Gauges and observable instruments cannot be added up over processes
 * without a label per job, and instruments outside the catalogue have no place at the worker; a user
 * who wants those registers a MeterProvider of their own, which always wins.
 *
 * As with any provider that an application registers, the SDK then does not upload its own instrument
 * to LiveKit's (or the gateway's) observability endpoint; traces, logs and transcripts are not affected.
 *
 * The returned function stops it, after a last measurement: call it before the sink is closed.
 */
export function forwardOpenTelemetry({ record, log = console.warn, specs }: ForwardOptions): () => void {
  const guard = createGuard(record, log);
  const provider = createMeterProvider({ routes: routesOf(specs), record: guard.record });
  const unregister = registerMeterProvider(provider, log);
  if (!unregister) return () => {};
  const stop = recordNodeActivity({ provider, process: 'job' });
  return () => {
    stop();
    guard.close();
    unregister();
  };
}

export type Log = (message: string) => void;

/** Instruments outlive the provider, and their callers expect them never to throw. */
export function createGuard(record: Sink, log: Log): { record: Sink; close(): void } {
  let open = true;
  const once = logOnce(log);
  return {
    record(observation) {
      if (!open) return;
      try {
        record(observation);
      } catch (error) {
        once(`A measurement of ${observation.metric} was lost: ${error}`);
      }
    },
    close() {
      open = false;
    },
  };
}

/** Says each thing once; after a hundred different ones, nothing more. */
export function logOnce(log: Log): Log {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message) || said.size >= 100) return;
    said.add(message);
    log(message);
  };
}
