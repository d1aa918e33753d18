import { processState } from './livekit/process-state.ts';
import { isJobProcess, isSdkChild } from './livekit/sdk.ts';
import { setUpTelemetryForLoadedSdk } from './livekit/telemetry-setup.ts';
import type { MonitorOptions } from './monitor-options.ts';
import type { Monitoring } from './worker-monitor.ts';

const key = Symbol.for('talkgauge.monitoring');
const holder = globalThis as { [key]?: Promise<Monitoring> };

/**
 * Monitors a worker: serves `/metrics` with the metrics of its jobs' sessions (see `observe`) and of the worker itself.
 * Call it once, before `cli.runApp`; a second call gives the same monitoring. The call belongs in the agent's file, which
 * the SDK imports in each job, too: there it sets up traces and logs, if there is a backend for them. If the system refuses
 * a port, or a socket for the jobs, this is reported and retried; the agent goes on without it, unless `strict` is set.
 *
 * @throws {OptionError} for an option or environment variable that cannot be used
 * @throws {ServeError} for credentials that cannot be used; with `strict`, whenever the metrics server cannot start
 * @throws {Error} for a registry that has a metric of a name of Talkgauge's already; with `strict`, when there is no
 * place for the socket that jobs send their metrics to
 */
export async function monitor(options: MonitorOptions = {}): Promise<Monitoring> {
  const { reports, telemetry, prices } = options;
  processState().defaults ??= { reports, telemetry, prices };
  if (isSdkChild()) {
    if (isJobProcess()) await setUpTelemetryForLoadedSdk(options);
    return { url: undefined, recorder: undefined, close: async () => {} };
  }
  // Loaded in a worker only: jobs start faster without.
  holder[key] ??= import('./worker-monitor.ts')
    .then(({ monitorWorker }) =>
      monitorWorker(options, () => {
        holder[key] = undefined;
      }),
    )
    .catch((error) => {
      holder[key] = undefined;
      throw error;
    });
  return holder[key];
}
