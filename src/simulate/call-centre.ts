import { createWriteStream, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitor } from '../agent/index.ts';
import type { Recorder } from '../metrics/recorder.ts';
import { version } from '../package.ts';
import { type Dispatcher, startDispatcher } from './dispatcher.ts';
import { createIncidents, type IncidentSwitches, listenControl } from './incidents.ts';
import { listenInferenceGateway } from './inference-gateway.ts';
import { resolveOptions, type SimulateOptions } from './options.ts';
import { createRandom } from './random.ts';
import { listenSignalling } from './signalling.ts';
import { callReports, credentialsOf, startSessionGateway } from './uploads.ts';
import { startWorker, superviseChildren } from './worker.ts';

/** A call centre that is open. */
export interface CallCentre {
  /** Where metrics are served, without the path. */
  readonly url: string;
  /** Where incidents are switched: `POST /incidents/NAME?on=true`. */
  readonly controlUrl: string;
  /** Where the sessions of the calls are shown; undefined without a gateway. */
  readonly sessionsUrl?: string;
  /** Folder or bucket in which there is a report of each call that is over. */
  readonly reports: string;
  /** What /metrics is made of. */
  readonly recorder: Recorder;
  readonly incidents: IncidentSwitches;
  /** Calls that are dispatched and not over, and calls that are over. */
  readonly calls: { readonly active: number; readonly done: number };
  /** Resolves when all wanted calls are over; never, if there is no end to them. Rejects when the worker fails. */
  readonly finished: Promise<void>;
  /** Ends the calls, the worker and its processes within seconds, and deletes the run's directory. */
  close(): Promise<void>;
  /** Kills the calls that are still there; makes a `close` that is under way a short one. */
  kill(): Promise<void>;
}

/**
 * Opens a simulated call centre: a real worker of `@livekit/agents` that forks real jobs, whose calls are
 * simulated, observed by `monitor()` and `observe()`. Nothing leaves the machine, and no key is needed.
 *
 * @param signal aborts the start; what was started is stopped again
 * @throws {SimulateOptionError} for an option that cannot be used
 * @throws if the metrics port is taken
 */
export async function openCallCentre(
  options: SimulateOptions = {},
  signal?: AbortSignal,
): Promise<CallCentre> {
  const settings = resolveOptions(options);
  const stops: ((now: boolean) => unknown)[] = [];
  const stop = async (now: boolean) => {
    for (const undo of stops.splice(0).reverse()) await undo(now);
  };
  /** Remembers how to undo what has been done, and undoes all of it when the start is aborted meanwhile. */
  const done = <T>(result: T, undo: (now: boolean) => unknown): T => {
    stops.push(undo);
    signal?.throwIfAborted();
    return result;
  };

  try {
    signal?.throwIfAborted();
    const directory = mkdtempSync(join(tmpdir(), 'talkgauge-simulate-'));
    done(directory, () => rmSync(directory, { recursive: true, force: true }));
    if (settings.oracle) mkdirSync(settings.oracle, { recursive: true });
    const credentials = credentialsOf(settings.keyFile);
    const incidents = createIncidents(directory, settings.incidents);
    const logFile = settings.log ?? join(directory, 'calls.log');
    const descriptor = openSync(logFile, 'a');
    const log = createWriteStream(logFile, { fd: descriptor });
    done(log, () => new Promise((resolve) => log.end(resolve)));

    const gateway = await listenInferenceGateway(createRandom(settings.seed, 'gateway'));
    done(gateway, gateway.close);
    const signalling = await listenSignalling();
    done(signalling, signalling.close);
    const control = await listenControl({ port: settings.controlPort, incidents });
    done(control, control.close);
    const reports = callReports(settings.data ?? directory);
    const monitoring = await monitor({
      port: settings.port,
      reports: reports.options,
      prices: settings.prices,
      strict: true,
      agentName: 'call-centre',
      agentVersion: version,
      log: (message) => void log.write(`${message}\n`),
    });
    done(monitoring, monitoring.close);
    const { recorder, url } = monitoring;
    if (!recorder || !url) throw new Error('the metrics server did not start');

    const { gatewayPort } = settings;
    const sessions =
      gatewayPort === undefined
        ? undefined
        : await startSessionGateway({
            port: gatewayPort,
            directory: settings.data ?? join(directory, 'sessions'),
            credentials,
            log: (message) => void log.write(`${message}\n`),
          });
    if (sessions) done(sessions, sessions.close);

    let dispatcher: Dispatcher | undefined;
    const children = superviseChildren({
      output: descriptor,
      environment: {
        ...credentials,
        LIVEKIT_INFERENCE_URL: gateway.url,
        // Where the SDK writes its recordings, and leaves them; see `onJobEnd`.
        TMPDIR: directory,
        ...reports.environment,
        ...(sessions && { LIVEKIT_OBSERVABILITY_URL: sessions.url }),
      },
      onJobStart: (jobId) => dispatcher?.started(jobId),
      onJobEnd: (jobId) => {
        dispatcher?.ended(jobId);
        // In a container that runs for days, it would be memory.
        void rm(join(directory, 'livekit-agents', `job-${jobId}`), { recursive: true, force: true }).catch(
          () => {},
        );
      },
    });
    done(children, children.release);
    const worker = startWorker({
      url: signalling.url,
      children,
      credentials,
      log,
      // Why a call ended is told at this level only.
      level: sessions || process.env.LIVEKIT_OBSERVABILITY_URL ? 'info' : 'error',
      load: () => (dispatcher?.active ?? 0) / settings.concurrency,
    });
    done(worker, (now) => worker.stop(now ? 0 : undefined));
    await Promise.race([signalling.registered, worker.failed, aborted(signal)]);
    dispatcher = startDispatcher({
      settings,
      signalling,
      incidents,
      directory,
      run: Date.now().toString(36),
    });
    done(dispatcher, dispatcher.stop);

    const finished = Promise.race([dispatcher.finished, worker.failed]);
    // Whoever wants to know awaits it; that nobody does is no reason to end the process.
    finished.catch(() => {});
    return {
      url,
      controlUrl: control.url,
      sessionsUrl: sessions?.url,
      reports: reports.to,
      recorder,
      incidents,
      calls: dispatcher,
      finished,
      close: () => stop(false),
      kill: children.kill,
    };
  } catch (error) {
    await stop(true);
    throw error;
  }
}

/** Rejects when the signal aborts. */
function aborted(signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
