import type { voice } from '@livekit/agents';
import { isSpanContextValid, TraceFlags, trace } from '@opentelemetry/api';
import { catalogue } from '../catalogue/metrics.ts';
import { type Exemplar, type Observation, observation, type Sink } from '../catalogue/observation.ts';
import type { Ownership } from './ownership.ts';
import type { Recording } from './recording.ts';
import { type SessionEventName, type SessionEvents, SessionObserver } from './session-events.ts';

/** The SDK's own; `speech_done` is made here. */
export const sessionEventNames = new SessionObserver().names.filter((name) => name !== 'speech_done');

/** The way of a session's events into the sink, on which no error gets out. */
export class Feed {
  readonly #sink: Sink;
  readonly #recording: Recording | undefined;
  readonly #ownership: Ownership;
  readonly #streamingTts: readonly string[];
  #observer: SessionObserver;
  #closed = false;
  #traceId: string | undefined;

  constructor(
    sink: Sink,
    recording: Recording | undefined,
    ownership: Ownership,
    streamingTts: readonly string[] = [],
  ) {
    this.#streamingTts = streamingTts;
    this.#observer = new SessionObserver(streamingTts);
    this.#sink = sink;
    this.#recording = recording;
    this.#ownership = ownership;
  }

  event<E extends SessionEventName>(name: E, event: SessionEvents[E]): void {
    if (this.#closed) return;
    this.#guarded(() => {
      if (name === 'speech_created') this.#speech(event as voice.SpeechCreatedEvent);
      const repeated = this.#repeated(name, event);
      this.#guarded(() => this.#recording?.write(name, event, repeated !== undefined));
      this.#record(repeated ?? this.#observer.handle(name, event));
      // A session may be started again after its close.
      if (name === 'close') this.#observer = new SessionObserver(this.#streamingTts);
    });
  }

  /** The session runs already. */
  started(agent: voice.AgentState, user: voice.UserState): void {
    this.#guarded(() => this.#record(this.#observer.started(Date.now(), agent, user)));
  }

  tick(): void {
    this.#guarded(() => this.#record(this.#observer.tick(Date.now())));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#guarded(() => this.#record(this.#observer.abandoned(Date.now())));
  }

  /** Nothing that goes wrong here is the session's business. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch {
      try {
        this.#sink(observation('earshot_samples_dropped_total', { reason: 'internal_error' }, 1));
      } catch {
        // The sink itself fails: there is nowhere left to count it.
      }
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
