import type { voice } from '@livekit/agents';
import { type Context, isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { catalogue } from '../../catalogue/metrics.ts';
import { type Exemplar, type Observation, observation, type Sink } from '../../catalogue/observation.ts';
import { turnContextOf } from '../../private-apis/readers.ts';
import type { SessionEventName } from '../../session/events.ts';
import { RecentMap } from '../../session/recent-map.ts';
import { SessionObserver } from '../../session/session-observer.ts';
import type { ConversationRecords } from './conversation-records.ts';
import type { DuplicateDetection } from './duplicate-events.ts';
import type { EventLog } from './event-log.ts';
import { inSeconds, type SdkEvents, seconds } from './sdk-event.ts';
import type { SessionReportBuilder } from './session-report.ts';

/** The SDK's events, and `speech_done`, which is created here. */
export const sessionEventNames = new SessionObserver().names.filter((name) => name !== 'speech_done');

export interface SessionListenerOptions {
  sink: Sink;
  duplicates: DuplicateDetection;
  eventLog?: EventLog;
  /** Labels of TTS that are known to stream. */
  streamingTts?: readonly string[];
  /** Labels of adapters, whose events repeat others, beside those that are known. */
  adapters?: ReadonlySet<string>;
  /** Emits the conversation's records, if there is a backend for them. */
  records?: ConversationRecords;
  /** Sets the observed marker on the active span. */
  markSpan?: () => void;
  /** Builds the session's report, if one is configured. */
  report?: SessionReportBuilder;
  /** Whether a trace is not sent. */
  muted?: (traceId: string) => boolean;
}

/** Turns a session's events into observations for the sink. Errors are counted, not thrown. */
export class SessionListener {
  readonly #options: SessionListenerOptions;
  readonly #exemplars: Exemplars;
  #observer: SessionObserver;
  #closed = false;

  constructor(options: SessionListenerOptions) {
    this.#options = options;
    this.#exemplars = new Exemplars(options.muted);
    this.#observer = this.#observe();
  }

  event<E extends SessionEventName>(name: E, event: SdkEvents[E]): void {
    if (this.#closed) return;
    this.#guarded(() => {
      this.#options.markSpan?.();
      if (name === 'speech_created') this.#speech(event as voice.SpeechCreatedEvent);
      const repeated = this.#repeated(name, event);
      this.#guarded(() => this.#options.eventLog?.write(name, event, repeated !== undefined));
      const samples = repeated ?? this.#observer.handle(name, inSeconds(name, event));
      this.#record(samples, speechOf(name, event));
      this.#guarded(() => this.#options.report?.event(name, event, repeated !== undefined));
      if (!repeated) this.#guarded(() => this.#options.records?.event(name, event));
      // A session may be started again after its close.
      if (name === 'close') this.#observer = this.#observe();
    });
  }

  /** The session is already running. */
  started(agent: voice.AgentState, user: voice.UserState): void {
    this.#guarded(() => this.#record(this.#observer.started(seconds(Date.now()), agent, user)));
  }

  tick(): void {
    this.#guarded(() => this.#record(this.#observer.tick(seconds(Date.now()))));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#guarded(() => this.#record(this.#observer.abandoned(seconds(Date.now()))));
  }

  /** Errors here must not reach the session. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch {
      try {
        this.#options.sink(observation('talkgauge_samples_dropped_total', { reason: 'internal_error' }, 1));
      } catch {
        // The sink itself fails, so that the error cannot be counted.
      }
    }
  }

  #speech({ speechHandle }: voice.SpeechCreatedEvent): void {
    this.#options.duplicates.speechCreated(speechHandle.id);
    this.#exemplars.speechCreated(speechHandle);
    speechHandle.addDoneCallback?.(({ id, interrupted }) =>
      this.event('speech_done', {
        type: 'speech_done',
        speechHandle: { id, interrupted },
        createdAt: Date.now(),
      }),
    );
  }

  /** The observations of an event that this session must not count; undefined: it is not a duplicate. */
  #repeated<E extends SessionEventName>(name: E, event: SdkEvents[E]): Observation[] | undefined {
    if (name === 'metrics_collected') {
      const { metrics } = event as voice.MetricsCollectedEvent;
      const repeats = 'label' in metrics && this.#options.adapters?.has(metrics.label);
      if (repeats || !this.#options.duplicates.owns(metrics)) {
        return [observation('talkgauge_duplicate_events_total', { type: metrics.type }, 1)];
      }
    }
    if (name === 'error') {
      const { error } = event as voice.ErrorEvent;
      if (!this.#options.duplicates.claim(error)) {
        return [observation('talkgauge_duplicate_events_total', { type: error.type }, 1)];
      }
    }
    return undefined;
  }

  #record(observations: Observation[], speechId?: string): void {
    if (observations.length === 0) return;
    this.#guarded(() => this.#options.report?.samples(observations));
    const exemplar = this.#exemplars.current(speechId);
    for (const sample of observations) {
      const linked = exemplar && catalogue[sample.metric]?.type === 'histogram';
      this.#options.sink(linked ? { ...sample, exemplar } : sample);
    }
  }

  #observe(): SessionObserver {
    return new SessionObserver({
      streamingTts: this.#options.streamingTts,
      onTurnEnd: (turn) => {
        this.#guarded(() => this.#options.report?.turn(turn));
        this.#guarded(() => this.#options.records?.turn(turn));
      },
    });
  }
}

/** The id of the speech that an event is about, if it has one. */
function speechOf<E extends SessionEventName>(name: E, event: SdkEvents[E]): string | undefined {
  if (name !== 'metrics_collected') return undefined;
  const { metrics } = event as voice.MetricsCollectedEvent;
  return 'speechId' in metrics ? metrics.speechId : undefined;
}

/** Finds the exemplar of a sample: the session's trace, and in it the measured span, or that of the turn. */
export class Exemplars {
  readonly #speeches = new RecentMap<string, WeakRef<object>>(64);
  readonly #muted: (traceId: string) => boolean;
  #traceId: string | undefined;

  /** @param muted whether a trace is not sent, so that a link to it would lead nowhere */
  constructor(muted: (traceId: string) => boolean = () => false) {
    this.#muted = muted;
  }

  speechCreated(handle: voice.SpeechCreatedEvent['speechHandle']): void {
    this.#speeches.set(handle.id, new WeakRef(handle));
  }

  /** @param speechId the speech that the event is about, if known */
  current(speechId?: string): Exemplar | undefined {
    const active = trace.getActiveSpan();
    const speech = speechId ? this.#speeches.get(speechId)?.deref() : undefined;
    const turn = speech && (turnContextOf(speech) as Context | undefined);
    const spans = [isPartialFile(active) && active, turn && trace.getSpan(turn), active];
    for (const span of spans) {
      const found = span ? span.spanContext() : undefined;
      if (found && this.#sent(found)) {
        this.#traceId = found.traceId;
        return { trace_id: found.traceId, span_id: found.spanId };
      }
    }
    // A session is one trace.
    return this.#traceId && !this.#muted(this.#traceId) ? { trace_id: this.#traceId } : undefined;
  }

  #sent(span: SpanContext): boolean {
    return (
      isSpanContextValid(span) && (span.traceFlags & TraceFlags.SAMPLED) !== 0 && !this.#muted(span.traceId)
    );
  }
}

/** Whether a span is less than a whole session or job. */
function isPartialFile(span: unknown): boolean {
  const { name } = (span ?? {}) as { name?: string };
  return name !== undefined && name !== 'agent_session' && name !== 'job_entrypoint';
}
