import type { voice } from '@livekit/agents';
import { type Context, isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { Exemplar } from '../../catalogue/observation.ts';
import { RecentMap } from '../../session/recent-map.ts';
import { turnContextOf } from './private-apis.ts';

/** Finds the call behind a sample: the session's trace, and in it the span that was measured, or that of the turn. */
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

  /** @param speechId the speech that is spoken of, if the event says so */
  current(speechId?: string): Exemplar | undefined {
    const active = trace.getActiveSpan();
    const speech = speechId ? this.#speeches.get(speechId)?.deref() : undefined;
    const turn = speech && (turnContextOf(speech) as Context | undefined);
    const spans = [isPart(active) && active, turn && trace.getSpan(turn), active];
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
function isPart(span: unknown): boolean {
  const { name } = (span ?? {}) as { name?: string };
  return name !== undefined && name !== 'agent_session' && name !== 'job_entrypoint';
}
