import { type Attributes, type Context, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { tracing } from '@opentelemetry/sdk-node';
import { isContentEvent, redactedMessage } from '../../catalogue/content.ts';
import { isExportedMarker } from '../../catalogue/marker.ts';
import { settlesWithin } from '../../deadline.ts';
import type { UnsentItems } from './exit-flush.ts';
import { type ExportCounters, ExportQueue } from './export-queue.ts';
import { loadNodeSdk, traceExporter } from './opentelemetry.ts';
import { type Redaction, weigh } from './redaction.ts';
import type { OtlpTarget } from './settings.ts';
import { type TurnRules, TurnSampling } from './turn-sampling.ts';

type Span = tracing.ReadableSpan;

/** How long spans wait for others, in milliseconds: a job that is killed loses that much. */
const delayMs = 1000;

export interface SpanPipelineOptions {
  target: OtlpTarget;
  redaction: Redaction;
  rules: TurnRules;
  /** Share of turns that are kept, 0 to 1; see `TurnSampling`. */
  turnRatio: number;
  counters: ExportCounters & { leftOut(count: number): void };
  /** Called when a span begins, before anything else reads it. */
  onStart?(span: tracing.Span): void;
}

/** Exports spans: with common attributes, sampled, redacted, bounded, batched. */
export class SpanPipeline implements tracing.SpanProcessor {
  readonly #options: SpanPipelineOptions;
  readonly #pending: ExportQueue<Span>;
  readonly #batch: tracing.SpanProcessor;
  readonly #sampling: TurnSampling | undefined;
  /** Open spans. */
  readonly #open = new Set<tracing.Span>();
  /** Traces of which nothing is sent. */
  readonly #muted = new Set<string>();
  #closed = false;

  constructor(options: SpanPipelineOptions) {
    this.#options = options;
    this.#pending = new ExportQueue(options.counters);
    const { tracing, core } = loadNodeSdk();
    this.#batch = new tracing.BatchSpanProcessor(this.#pending.instrument(traceExporter(options.target)), {
      maxQueueSize: 4096,
      scheduledDelayMillis: core.getNumberFromEnv('OTEL_BSP_SCHEDULE_DELAY') ?? delayMs,
    });
    const { rules, turnRatio: ratio, counters } = options;
    if (ratio < 1) {
      this.#sampling = new TurnSampling({
        rules,
        ratio,
        keep: (span) => this.#enqueue(span),
        leaveOut: counters.leftOut,
      });
    }
  }

  onStart(span: tracing.Span, _parent: Context): void {
    this.#guarded(() => {
      this.#options.onStart?.(span);
      this.#open.add(span);
      this.#sampling?.started(span);
    });
  }

  onEnd(span: Span): void {
    this.#open.delete(span as tracing.Span);
    const { traceFlags, traceId } = span.spanContext();
    if ((traceFlags & TraceFlags.SAMPLED) === 0) return;
    this.#guarded(() => {
      if (this.#closed || this.#muted.has(traceId)) return;
      const copy = copySpan(span, this.#options.redaction);
      if (this.#sampling) this.#sampling.ended(copy);
      else this.#enqueue(copy);
    });
  }

  /** Sends nothing of a trace from now on. */
  mute(traceId: string): void {
    this.#muted.add(traceId);
  }

  /** Whether a trace is not sent. */
  muted(traceId: string): boolean {
    return this.#muted.has(traceId);
  }

  async forceFlush(): Promise<void> {
    await this.#batch.forceFlush().catch(() => {});
    await this.#pending.drained();
  }

  /** Exports waiting spans, for at most `ms` milliseconds; the rest is dropped and counted. */
  async finish(ms: number): Promise<void> {
    this.#guarded(() => this.#sampling?.settle());
    const done = await settlesWithin(ms, this.forceFlush());
    if (!done) this.#pending.dropAll();
  }

  /** Ends all open spans, because the process exits. @returns the unsent spans */
  unsent(): UnsentItems {
    for (const span of this.#open) {
      span.setAttribute('talkgauge.unfinished', true);
      span.end();
    }
    this.#guarded(() => this.#sampling?.settle());
    return { signal: 'TRACES', target: this.#options.target, items: this.#pending.items };
  }

  /** Called by the provider; nobody awaits it. `finish` flushes. */
  async shutdown(): Promise<void> {
    this.#closed = true;
  }

  #enqueue(span: Span): void {
    if (this.#pending.admit(span, weigh(span.attributes))) this.#batch.onEnd(span);
  }

  /** A span is ended in the middle of a call. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch {
      this.#options.counters.dropped('internal_error', 1);
    }
  }
}

/** LiveKit sets this attribute on the spans of a session whose project or `record` option demands redaction. */
const redactionDemanded = 'lk.redaction.enabled';

/**
 * What of an ended span is sent: a copy, because other exporters see the span too, and because the span itself
 * holds on to everything that was said.
 */
export function copySpan(span: tracing.ReadableSpan, redaction: Redaction): tracing.ReadableSpan {
  const allowPii = redaction.allowPii && span.attributes[redactionDemanded] !== true;
  const attributes = (given: Attributes | undefined) => redaction.attributes(given, 'trace', allowPii);
  const context = span.spanContext();
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => context,
    parentSpanContext: span.parentSpanContext,
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: true,
    status: statusOf(span, redaction, allowPii),
    attributes: attributes(unmarked(span.attributes)),
    events: span.events
      .filter(({ name }) => allowPii || !isContentEvent(name))
      .map((event) => ({ ...event, attributes: attributes(event.attributes) })),
    links: span.links.map((link) => ({ ...link, attributes: attributes(link.attributes) })),
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

/** What is for the gateway is not for a backend. */
const unmarked = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([key]) => !isExportedMarker(key)));

function statusOf({ status }: tracing.ReadableSpan, redaction: Redaction, allowPii: boolean) {
  if (!status.message) return status;
  if (!allowPii && status.code === SpanStatusCode.ERROR)
    return { code: status.code, message: redactedMessage };
  return { code: status.code, message: redaction.text(status.message, 'status.message', 'trace') };
}
