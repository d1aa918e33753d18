import type { JobContext, voice } from '@livekit/agents';
import { trace } from '@opentelemetry/api';
import { observedMarker } from '../../catalogue/marker.ts';
import { destination, socketVariable } from './destination.ts';
import { Ownership, watchForUnknownAdapters } from './duplicate-events.ts';
import { startRecording } from './event-log.ts';
import { checkVersions } from './installed-versions.ts';
import {
  demandsRedaction,
  type ObserveOptions,
  resolveObserveOptions,
  resolveReportOf,
} from './observe-options.ts';
import { processWide, type SessionObservation } from './process-state.ts';
import { ReportedSession, type ReportedSessionOptions } from './reported-session.ts';
import { isJobProcess } from './sdk.ts';
import { Feed, sessionEventNames } from './session-listener.ts';
import { setUpTelemetry, setUpTelemetryOf, told } from './telemetry-setup.ts';

/** How often states that go on are added to their series, in milliseconds. */
const tickInterval = 10_000;

const warn = (message: string) => console.warn(`talkgauge: ${message}`);

/** What is needed of a session: either build of the SDK has it. */
type Session = Pick<voice.AgentSession, 'on' | 'off' | 'agentState' | 'userState' | 'tts'>;
/** What is needed of a job's context. */
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
    const known = processWide().observed.get(session);
    if (known) return known;
    const observed = start(session, ctx, options);
    processWide().observed.set(session, observed);
    return observed;
  } catch (error) {
    console.warn(`talkgauge: the session is not observed: ${messageOf(error)}`);
    return { recorder: undefined, close() {} };
  }
}

function start(session: Session, ctx: Context | undefined, given: ObserveOptions): SessionObservation {
  const jobsName = ctx?.job?.agentName;
  const options = resolveObserveOptions(given, jobsName);
  // What a session has not begun, it has not said: then every speech of it will be seen.
  const { agentState, userState } = session;
  const running = agentState !== 'initializing';
  const { sink, recorder, served, flush } = destination(options.identity, options.openTelemetry);
  processWide().identity = options.identity;
  if (options.audio === false) processWide().audio = false;
  const withheld = () => demandsRedaction(session, ctx);
  // Asked once now, so that an SDK that does not say is warned about before anybody speaks.
  if (options.record.transcript || options.record.audio || options.recordTranscripts) withheld();
  if (!isJobProcess() || !process.env[socketVariable]) void checkVersions(warn);
  const recording = record(options, ctx?.job?.id, withheld);
  const ownership = new Ownership(!running);
  const telemetry = setUpTelemetry(given);
  void setUpTelemetryOf(given);
  const tells = telemetry && told(telemetry, options, session, ctx);
  const report = reported(given, { ...options, sink, ...tells }, session, ctx);
  if (report && options.record.logs) telemetry?.tells('report');
  const feed = new Feed({
    sink,
    mark: served ? markObserved(session) : undefined,
    recording,
    ownership,
    streamingTts: streamingTts(session),
    adapters: watchForUnknownAdapters(session),
    report: report?.draft,
    ...tells,
  });
  const writeReport = async () => {
    const written = await report?.end();
    if (written) tells?.records?.report(written);
  };
  telemetry?.identify(options.identity, sink);
  const timer = setInterval(() => {
    feed.tick();
    try {
      report?.draft.beat();
    } catch {
      // What a timer throws ends the job, in the middle of a call. The journal goes without this sign of life.
    }
  }, tickInterval);
  timer.unref();
  const stops: (() => void)[] = [() => clearInterval(timer), () => ownership.close()];
  const close = () => {
    feed.close();
    for (const stop of stops.splice(0)) stop();
    void recording?.close();
    if (!ctx) void writeReport();
    processWide().observed.delete(session);
  };
  try {
    for (const name of sessionEventNames) {
      const listener = (event: never) => {
        feed.event(name, event);
        // Nobody says when the process ends.
        if (name === 'close' && !ctx) void writeReport();
      };
      session.on(name as never, listener as never);
      stops.push(() => session.off(name as never, listener as never));
    }
    ctx?.addShutdownCallback?.(async () => {
      await writeReport();
      await Promise.all([flush(), recording?.close()]);
    });
  } catch (error) {
    close();
    throw error;
  }
  if (running) feed.started(agentState, userState);
  return { recorder, close };
}

/** Begins the report that was asked for. One that cannot be made costs no metrics. */
function reported(
  given: ObserveOptions | null,
  options: Omit<ReportedSessionOptions, 'settings' | 'telemetry' | 'session' | 'job'>,
  session: Session,
  job: Context | undefined,
): ReportedSession | undefined {
  try {
    const settings = resolveReportOf(given, options.record, processWide().defaults);
    return (
      settings && new ReportedSession({ ...options, settings, telemetry: given?.telemetry, session, job })
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

/** Starts the recording that was asked for. One that cannot be written costs no metrics. */
function record(
  { recordTo, recordTranscripts: transcripts }: ReturnType<typeof resolveObserveOptions>,
  job: string | undefined,
  withheld: () => boolean,
) {
  try {
    return recordTo === undefined ? undefined : startRecording(recordTo, { job, transcripts, withheld });
  } catch (error) {
    console.warn(`talkgauge: the session is observed but not recorded: ${messageOf(error)}`);
    return undefined;
  }
}

/** What was thrown need not be an error, nor have a message. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'of an unknown error';
  }
}

/**
 * Leaves word for the gateway that a session is observed, where the SDK uploads it: among the session's options, which are in its
 * report, and on each span in which something is told, for a job that dies before its report.
 *
 * @returns marks the span that is active
 */
export function markObserved(session: object): () => void {
  const { sessionOptions } = session as { sessionOptions?: Record<string, unknown> };
  // Of no session of another version of the SDK is it known whether that may be written to.
  if (sessionOptions && Object.isExtensible(sessionOptions)) sessionOptions[observedMarker] = true;
  return () => {
    const span = trace.getActiveSpan();
    if (span?.isRecording()) span.setAttribute(observedMarker, true);
  };
}
