import type { JobContext, voice } from '@livekit/agents';
import { trace } from '@opentelemetry/api';
import { observedMarker } from '../../catalogue/marker.ts';
import { destination, socketVariable } from './destination.ts';
import { DuplicateDetection, watchForUnknownAdapters } from './duplicate-events.ts';
import { openEventLog } from './event-log.ts';
import { checkPackages } from './installed-packages.ts';
import {
  isRedactionDemanded,
  type ObserveOptions,
  resolveObserveOptions,
  resolveReportOf,
  type SessionObservation,
} from './observe-options.ts';
import { processState } from './process-state.ts';
import { SessionReporter, type SessionReporterOptions } from './reported-session.ts';
import { isJobProcess } from './sdk.ts';
import { SessionListener, sessionEventNames } from './session-listener.ts';
import { attachSession, setUpTelemetry, setUpTelemetryForLoadedSdk } from './telemetry-setup.ts';

/** The interval at which ongoing states are added to their series, in milliseconds. */
const tickInterval = 10_000;

const warn = (message: string) => console.warn(`talkgauge: ${message}`);

/** The part of a session that is used here; both builds of the SDK have it. */
type Session = Pick<voice.AgentSession, 'on' | 'off' | 'agentState' | 'userState' | 'tts'>;
/** The part of a job's context that is used here. */
type Context = Pick<JobContext, 'job' | 'addShutdownCallback'>;

/**
 * Observes a session: its events become samples of the catalogue's series, in the worker's `/metrics`. Call
 * it in the job's entry function, before `session.start()`; a second call for the same session changes nothing.
 *
 * In a job process samples go to the worker, where `monitor()` runs. In console mode and in tests they are
 * recorded in this process, in `recorder`.
 *
 * Never throws, and never lets an error of its own reach the session. Since it listens for `error`, a session
 * without an error listener of its own no longer throws where it reports one.
 *
 * @param ctx the job's context; without it the labels do not know the job's agent, and the last samples of
 *   a job are sent without waiting for a slow worker
 */
export function observe(session: Session, ctx?: Context, options: ObserveOptions = {}): SessionObservation {
  try {
    const known = processState().observed.get(session);
    if (known) return known;
    const observed = start(session, ctx, options);
    processState().observed.set(session, observed);
    return observed;
  } catch (error) {
    console.warn(`talkgauge: the session is not observed: ${messageOf(error)}`);
    return { recorder: undefined, close() {} };
  }
}

function start(session: Session, ctx: Context | undefined, given: ObserveOptions): SessionObservation {
  const jobsName = ctx?.job?.agentName;
  const options = resolveObserveOptions(given, jobsName);
  // A session that has not started yet has no speech that could be missed.
  const { agentState, userState } = session;
  const running = agentState !== 'initializing';
  const { sink, recorder, served, flush } = destination(options.identity, options.openTelemetry);
  processState().identity = options.identity;
  if (options.audio === false) processState().audio = false;
  const withheld = () => isRedactionDemanded(session, ctx);
  // Called once now: an SDK without the flag is warned about before the call begins.
  if (options.record.transcript || options.record.audio || options.recordTranscripts) withheld();
  if (!isJobProcess() || !process.env[socketVariable]) void checkPackages(warn);
  const eventLog = eventLogOf(options, ctx?.job?.id, withheld);
  const duplicates = new DuplicateDetection(!running);
  const telemetry = setUpTelemetry(given);
  void setUpTelemetryForLoadedSdk(given);
  const sessionTelemetry = telemetry && attachSession(telemetry, options, session, ctx);
  const reporter = sessionReporterOf(given, { ...options, sink, ...sessionTelemetry }, session, ctx);
  if (reporter && options.record.logs) telemetry?.markExported('report');
  const sessionListener = new SessionListener({
    sink,
    markSpan: served ? setObservedMarker(session) : undefined,
    eventLog,
    duplicates,
    streamingTts: streamingTts(session),
    adapters: watchForUnknownAdapters(session),
    report: reporter?.builder,
    ...sessionTelemetry,
  });
  const writeReport = async () => {
    const written = await reporter?.end();
    if (written) sessionTelemetry?.records?.report(written);
  };
  telemetry?.identify(options.identity, sink);
  const timer = setInterval(() => {
    sessionListener.tick();
    try {
      reporter?.builder.heartbeat();
    } catch {
      // An error in a timer would end the job during a call. The journal misses one heartbeat.
    }
  }, tickInterval);
  timer.unref();
  const stops: (() => void)[] = [() => clearInterval(timer), () => duplicates.close()];
  const close = () => {
    sessionListener.close();
    for (const stop of stops.splice(0)) stop();
    void eventLog?.close();
    if (!ctx) void writeReport();
    processState().observed.delete(session);
  };
  try {
    for (const name of sessionEventNames) {
      const listener = (event: never) => {
        sessionListener.event(name, event);
        // Outside a job there is no shutdown callback.
        if (name === 'close' && !ctx) void writeReport();
      };
      session.on(name as never, listener as never);
      stops.push(() => session.off(name as never, listener as never));
    }
    ctx?.addShutdownCallback?.(async () => {
      await writeReport();
      await Promise.all([flush(), eventLog?.close()]);
    });
  } catch (error) {
    close();
    throw error;
  }
  if (running) sessionListener.started(agentState, userState);
  return { recorder, close };
}

/** Starts the session's report if one is configured. A failure costs no metrics. */
function sessionReporterOf(
  given: ObserveOptions | null,
  options: Omit<SessionReporterOptions, 'settings' | 'telemetry' | 'session' | 'job'>,
  session: Session,
  job: Context | undefined,
): SessionReporter | undefined {
  try {
    const settings = resolveReportOf(given, options.record, processState().defaults);
    return (
      settings && new SessionReporter({ ...options, settings, telemetry: given?.telemetry, session, job })
    );
  } catch (error) {
    console.warn(`talkgauge: there is no report of the session: ${messageOf(error)}`);
    return undefined;
  }
}

/** The labels of the session's TTS, or of those behind its fallback adapter, that stream by themselves. */
function streamingTts({ tts }: Session): string[] {
  if (!tts) return [];
  const { ttsInstances = [tts] } = tts as { ttsInstances?: (typeof tts)[] };
  return ttsInstances.filter(({ capabilities }) => capabilities?.streaming).map(({ label }) => label);
}

/** Opens the event log if `recordTo` asks for one. A failure costs no metrics. */
function eventLogOf(
  { recordTo, recordTranscripts: transcripts }: ReturnType<typeof resolveObserveOptions>,
  job: string | undefined,
  withheld: () => boolean,
) {
  try {
    return recordTo === undefined ? undefined : openEventLog(recordTo, { job, transcripts, withheld });
  } catch (error) {
    console.warn(`talkgauge: the session is observed, but its events are not logged: ${messageOf(error)}`);
    return undefined;
  }
}

/** A thrown value need not be an error, nor have a message. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'of an unknown error';
  }
}

/**
 * Marks a session as observed for the gateway, in data that the SDK uploads: in the session's options, which are part of
 * its report, and on each span with recorded events, for a job that crashes before its report.
 *
 * @returns a function that sets the marker on the active span
 */
export function setObservedMarker(session: object): () => void {
  const { sessionOptions } = session as { sessionOptions?: Record<string, unknown> };
  // Only for tested versions of the SDK is it known that the options may be modified.
  if (sessionOptions && Object.isExtensible(sessionOptions)) sessionOptions[observedMarker] = true;
  return () => {
    const span = trace.getActiveSpan();
    if (span?.isRecording()) span.setAttribute(observedMarker, true);
  };
}
