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

/** A running call centre. */
export interface CallCentre {
  /** The URL of the metrics server, without the path. */
  readonly url: string;
  /** The URL of the incident switches: `POST /incidents/NAME?on=true`. */
  readonly controlUrl: string;
  /** The URL of the gateway that shows the sessions; undefined without a gateway. */
  readonly sessionsUrl?: string;
  /** Folder or bucket with a report of each finished call. */
  readonly reports: string;
  /** The metrics that /metrics exposes. */
  readonly recorder: Recorder;
  readonly incidents: IncidentSwitches;
  /** The number of running calls and of finished calls. */
  readonly calls: { readonly active: number; readonly done: number };
  /** Resolves when all requested calls have finished; never without a limit. Rejects when the worker fails. */
  readonly finished: Promise<void>;
  /** Ends the calls, the worker and its processes within seconds, and deletes the run's directory. */
  close(): Promise<void>;
  /** Kills the remaining calls; a pending `close` resolves soon after. */
  kill(): Promise<void>;
}

/**
 * Starts a simulated call centre: a real worker of `@livekit/agents` that forks real jobs with simulated calls, observed by
 * `monitor()` and `observe()`. No data leaves the machine, and no API key is needed.
 *
 * @param signal aborts the start and stops what was already started
 * @throws {SimulateOptionError} for an option that cannot be used
 * @throws if the metrics port is in use
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
  /** Registers a cleanup function; runs all of them if the start was aborted meanwhile. */
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
        // The SDK writes its recordings here and does not delete them; see `onJobEnd`.
        TMPDIR: directory,
        ...reports.environment,
        ...(sessions && { LIVEKIT_OBSERVABILITY_URL: sessions.url }),
      },
      onJobStart: (jobId) => dispatcher?.started(jobId),
      onJobEnd: (jobId) => {
        dispatcher?.ended(jobId);
        // In a container that runs for days, this directory may be in memory.
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
      // The SDK logs the reason for a call's end at this level only.
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
    // Callers may await it; without one, a rejection must not end the process.
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
