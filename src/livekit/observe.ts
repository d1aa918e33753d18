import type { JobContext, voice } from '@livekit/agents';
import { isSpanContextValid, TraceFlags, trace } from '@opentelemetry/api';
import { catalogue } from '../catalogue/metrics.ts';
import { type Exemplar, type Observation, observation, type Sink } from '../catalogue/observation.ts';
import { destination } from './destination.ts';
import { type ObserveOptions, resolveObserveOptions } from './observe-options.ts';
import { Ownership } from './ownership.ts';
import { processWide, type SessionObservation } from './process-wide.ts';
import { type Recording, startRecording } from './recording.ts';
import { type SessionEventName, type SessionEvents, SessionObserver } from './session-events.ts';

/** How often states that go on are added to their series, in milliseconds. */
const tickInterval = 10_000;

/** What is needed of a session: either build of the SDK has it. */
type Session = Pick<voice.AgentSession, 'on' | 'off' | 'agentState'>;
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
    console.warn(`earshot: the session is not observed: ${(error as Error).message}`);
    return { recorder: undefined, close() {} };
  }
}

function start(session: Session, ctx: Context | undefined, given: ObserveOptions): SessionObservation {
  const options = resolveObserveOptions(given, ctx?.job?.agentName);
  const { sink, recorder, flush } = destination(options.identity);
  const recording = options.recordTo
    ? startRecording(options.recordTo, { session: ctx?.job?.id, transcripts: options.recordTranscripts })
    : undefined;
  // What a session has not begun, it has not said: then every speech of it will be seen.
  const ownership = new Ownership(session.agentState === 'initializing');
  const feed = new Feed(sink, recording, ownership);
  const listeners = sessionEventNames.map((name) => {
    const listener = (event: never) => feed.event(name, event);
    session.on(name as never, listener as never);
    return () => session.off(name as never, listener as never);
  });
  if (session.agentState !== 'initializing') feed.started();
  const timer = setInterval(() => feed.tick(), tickInterval);
  timer.unref();
  ctx?.addShutdownCallback?.(async () => void (await Promise.all([flush(), recording?.close()])));
  const close = () => {
    clearInterval(timer);
    for (const stop of listeners) stop();
    ownership.close();
    void recording?.close();
    processWide().observed.delete(session);
  };
  return { recorder, close };
}

/** The way of a session's events into the sink, on which no error gets out. */
class Feed {
  readonly #sink: Sink;
  readonly #recording: Recording | undefined;
  readonly #ownership: Ownership;
  #observer = new SessionObserver();
  #traceId: string | undefined;

  constructor(sink: Sink, recording: Recording | undefined, ownership: Ownership) {
    this.#sink = sink;
    this.#recording = recording;
    this.#ownership = ownership;
  }

  event<E extends SessionEventName>(name: E, event: SessionEvents[E]): void {
    this.#guarded(() => {
      this.#recording?.write(name, event);
      if (name === 'speech_created') this.#speech(event as voice.SpeechCreatedEvent);
      const repeated = this.#repeated(name, event);
      this.#record(repeated ?? this.#observer.handle(name, event));
      // A session may be started again after its close.
      if (name === 'close') this.#observer = new SessionObserver();
    });
  }

  started(): void {
    this.#guarded(() => this.#record(this.#observer.started(Date.now())));
  }

  tick(): void {
    this.#guarded(() => this.#record(this.#observer.tick(Date.now())));
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch {
      this.#sink(observation('earshot_samples_dropped_total', { reason: 'internal_error' }, 1));
    }
  }

  #speech({ speechHandle }: voice.SpeechCreatedEvent): void {
    this.#ownership.speechCreated(speechHandle.id);
    speechHandle.addDoneCallback?.(({ id, interrupted }) =>
      this.event('speech_done', {
        type: 'speech_done',
        speechHandle: { id, interrupted },
        createdAt: Date.now(),
      }),
    );
  }

  /** What to record instead, if the event is not this session's to count. */
  #repeated<E extends SessionEventName>(name: E, event: SessionEvents[E]): Observation[] | undefined {
    if (name === 'metrics_collected') {
      const { metrics } = event as voice.MetricsCollectedEvent;
      if (!this.#ownership.owns(metrics)) {
        return [observation('earshot_duplicate_events_total', { type: metrics.type }, 1)];
      }
    }
    if (name === 'error') {
      const { error } = event as voice.ErrorEvent;
      if (!this.#ownership.claim(error)) {
        return [observation('earshot_duplicate_events_total', { type: error.type }, 1)];
      }
    }
    return undefined;
  }

  #record(observations: Observation[]): void {
    if (observations.length === 0) return;
    const exemplar = this.#exemplar();
    for (const sample of observations) {
      const linked = exemplar && catalogue[sample.metric]?.type === 'histogram';
      this.#sink(linked ? { ...sample, exemplar } : sample);
    }
  }

  /** The span in which the event was emitted; without one, the session's trace, for a session is one trace. */
  #exemplar(): Exemplar | undefined {
    const span = trace.getActiveSpan()?.spanContext();
    if (span && isSpanContextValid(span) && (span.traceFlags & TraceFlags.SAMPLED) !== 0) {
      this.#traceId = span.traceId;
      return { trace_id: span.traceId, span_id: span.spanId };
    }
    return this.#traceId ? { trace_id: this.#traceId } : undefined;
  }
}

/** The SDK's own; `speech_done` is made here. */
const sessionEventNames = new SessionObserver().names.filter((name) => name !== 'speech_done');
