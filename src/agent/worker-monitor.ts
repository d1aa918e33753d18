import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import { catalogue } from '../catalogue/metrics.ts';
import { observation } from '../catalogue/observation.ts';
import type { Identity } from '../catalogue/types.ts';
import { type HttpOptions, serveMetrics } from '../http/metrics-server.ts';
import type { Format } from '../metrics/exposition.ts';
import { createRecorder, type Recorder } from '../metrics/recorder.ts';
import { version } from '../package.ts';
import { openPrices, pricesVariable } from '../pricing/cost.ts';
import { socketVariable } from './livekit/destination.ts';
import { checkPackages } from './livekit/installed-packages.ts';
import { resolveIdentity } from './livekit/observe-options.ts';
import { processState } from './livekit/process-state.ts';
import { watchProcesses } from './livekit/processes.ts';
import { RecoveredRecords, recoverReport } from './livekit/recovered-report.ts';
import { loadedSdk } from './livekit/sdk.ts';
import { followServer, onServer, WorkerIdentity } from './livekit/worker.ts';
import { type MonitorOptions, resolveMonitorOptions } from './monitor-options.ts';
import { append } from './otel/exposition.ts';
import { serveOpenTelemetry } from './otel/serve.ts';
import { listenRelay } from './relay/server.ts';
import { maintainReports } from './reports/maintenance.ts';
import { startOrRetry } from './start-or-retry.ts';

/** A worker that is being monitored. */
export interface Monitoring {
  /** Where /metrics is served, without the path; undefined in a job process, or while the port is taken. */
  readonly url: string | undefined;
  /** The worker's recorder; undefined in a job process. */
  readonly recorder: Recorder | undefined;
  /** Stops serving and recording, and removes the socket. */
  close(): Promise<void>;
}

/**
 * Implements `monitor()` for a worker, and throws the same errors.
 *
 * @param closed called when the monitoring is closed
 */
export async function monitorWorker(given: MonitorOptions, closed: () => void): Promise<Monitoring> {
  const resolved = resolveMonitorOptions(given);
  const { registry = new Registry(), log = console.warn } = given;
  const say = (message: string) => {
    try {
      log(`talkgauge: ${message}`);
    } catch {
      // Some of it is called from timers, where what `log` throws would end the worker.
    }
  };
  const sdk = await loadedSdk().catch((error: Error) => {
    say(
      `the load and the name of the worker are not known, for LiveKit's SDK cannot be loaded: ${error.message}`,
    );
    return undefined;
  });
  const prices = openPrices({
    file: resolved.prices,
    option: given.prices === undefined ? pricesVariable : 'prices',
    log: say,
    onReload: (result) => countReload(result, 1),
  });
  const countReload = (result: 'ok' | 'failed', count: number) =>
    recorder.record(observation('talkgauge_price_file_reloads_total', { result }, count), identity.current);
  const before = new Set(registry.getMetricsAsArray().map(({ name }) => name));
  const ours = [...registerDefaults(registry), ...Object.keys(catalogue)].filter((name) => !before.has(name));
  const unregister = () => {
    if (given.registry) for (const name of ours) registry.removeSingleMetric(name);
  };
  const undo = () => {
    prices.close();
    unregister();
  };
  void checkPackages(say, registry);
  const identity: WorkerIdentity = new WorkerIdentity(
    resolveIdentity(resolved.options),
    (observation, about) => {
      recorder.introduce(about, 'worker');
      recorder.record(observation, about);
    },
  );
  let recorder: Recorder;
  try {
    recorder = createRecorder({
      registry,
      labels: resolved.labels,
      identity: (): Identity => identity.current,
      maxLabelValues: resolved.maxLabelValues,
      maxSeries: resolved.maxSeries,
      derivation: prices.derivation,
      states: prices.states,
      buildInfo: { version, sdk_version: sdk?.version ?? 'none', node_version: process.versions.node },
    });
  } catch (error) {
    undo();
    throw error;
  }
  const relay = await startOrRetry({
    start: () => listenRelay({ recorder }),
    throws: () => resolved.strict,
    refused({ message }) {
      // One that was inherited is another worker's.
      delete process.env[socketVariable];
      say(`${message}. The agent goes on without metrics of its jobs; it is tried again.`);
    },
    started({ path }, late) {
      // Jobs inherit the environment when they are forked.
      process.env[socketVariable] = path;
      if (late) say('there are metrics of the jobs that start from now on');
    },
  }).catch((error) => {
    undo();
    throw error;
  });
  processState().recorder = recorder;
  const stops: (() => void)[] = [watchProcesses(identity.sink), undo];
  if (resolved.reports) {
    const records = new RecoveredRecords({ settings: resolved.telemetry, sink: identity.sink, log: say });
    const stop = maintainReports({
      settings: resolved.reports,
      sink: (observation, about = identity.current) => recorder.record(observation, about),
      recover: (journal) => recoverReport(journal, prices.derivation),
      onRecovered: (recovered, location) => records.emit(recovered, location),
      log: say,
    });
    stops.push(stop, () => void records.close());
  }
  // From 0, so that the first failure shows in a rate.
  if (resolved.prices !== undefined) for (const result of ['ok', 'failed'] as const) countReload(result, 0);
  const taken = (name: string) => registry.getSingleMetric(name) !== undefined;
  const openTelemetry = resolved.openTelemetry
    ? serveOpenTelemetry({ record: identity.sink, log: say, labels: resolved.labels, taken })
    : undefined;
  const expose = async (format: Format) =>
    append(await recorder.expose(format), (await openTelemetry?.expose(format)) ?? '', format);
  if (sdk) {
    stops.push(
      onServer(sdk, async (server) => {
        const onName = (name: string) => identity.setName(name);
        stops.push(followServer(server, { sink: identity.sink, onName }));
      }),
    );
  }
  const stop = async () => {
    closed();
    processState().recorder = undefined;
    if (process.env[socketVariable] === relay.current?.path) delete process.env[socketVariable];
    for (const undo of stops) undo();
    await Promise.all([relay.close(), openTelemetry?.close()]);
  };
  const http = await serve({ ...resolved, expose, log: say }, resolved.strict).catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    get url() {
      return http.current?.url;
    },
    recorder,
    close: async () => void (await Promise.all([http.close(), stop()])),
  };
}

/** Serves metrics, now or, unless `strict`, when it can. */
const serve = (options: HttpOptions & { log(message: string): void }, strict: boolean) =>
  startOrRetry({
    start: () => serveMetrics(options),
    // Its own codes are of options that are wrong, and stay wrong.
    throws: (error) => strict || Boolean((error as { code?: string }).code?.startsWith('ERR_')),
    refused: ({ message }) =>
      options.log(`${message}. The agent goes on without /metrics; it is tried again.`),
    started({ url }, late) {
      if (late) options.log(`/metrics is served at ${url}`);
    },
  });

/**
 * Registers prom-client's metrics of this process, but those that the registry has: one of the user's own may have
 * them already. Returns the names of those it did not have.
 */
function registerDefaults(registry: Registry): string[] {
  const defaults = new Registry();
  collectDefaultMetrics({ register: defaults });
  const missing = defaults.getMetricsAsArray().filter(
    ({ name }) =>
      !registry.getSingleMetric(name) &&
      // Gauges whose names end as a counter's must: `promtool check metrics` refuses them.
      !/^nodejs_active_(?:handles|requests|resources)_total$/.test(name),
  );
  for (const metric of missing) registry.registerMetric(metric as unknown as Metric);
  return missing.map(({ name }) => name);
}
