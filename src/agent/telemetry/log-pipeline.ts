import { type Attributes, type Context, context as contexts } from '@opentelemetry/api';
import type { Logger } from '@opentelemetry/api-logs';
import type { logs, resources } from '@opentelemetry/sdk-node';
import { conversationScope } from '../../catalogue/conversation.ts';
import { settlesWithin } from '../../deadline.ts';
import type { UnsentItems } from './exit-flush.ts';
import { type ExportCounters, ExportQueue } from './export-queue.ts';
import { loadNodeSdk, logExporter } from './opentelemetry.ts';
import { type Redaction, weigh } from './redaction.ts';
import type { OtlpTarget } from './settings.ts';

/** How bad a record is: OpenTelemetry's severity numbers. */
export const severities = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 } as const;
export type Severity = keyof typeof severities;

/** One log record. */
export interface LogItem {
  signal: 'log' | 'conversation';
  /** What happened, for a record that is no line of a log. */
  event?: string;
  /** When, in milliseconds since the epoch. */
  at: number;
  severity: Severity;
  body: string;
  attributes: Attributes;
  /** The span that it belongs to. @default the active one */
  context?: Context;
}

export interface LogPipelineOptions {
  target: OtlpTarget;
  redaction: Redaction;
  resource: resources.Resource;
  counters: ExportCounters;
  /** Attributes of every record. */
  commonAttributes?(): Attributes;
}

/** How long records wait for others, in milliseconds. */
const delayMs = 1000;

/** Exports log records: redacted, bounded, batched. */
export class LogPipeline {
  readonly #options: LogPipelineOptions;
  readonly #pending: ExportQueue<logs.SdkLogRecord>;
  readonly #batch: logs.LogRecordProcessor;
  readonly #loggers: Record<LogItem['signal'], Logger>;

  constructor(options: LogPipelineOptions) {
    this.#options = options;
    this.#pending = new ExportQueue(options.counters);
    const { logs, core } = loadNodeSdk();
    this.#batch = new logs.BatchLogRecordProcessor({
      exporter: this.#pending.instrument(logExporter(options.target)),
      maxQueueSize: 4096,
      scheduledDelayMillis: core.getNumberFromEnv('OTEL_BLRP_SCHEDULE_DELAY') ?? delayMs,
    });
    const provider = new logs.LoggerProvider({
      resource: options.resource,
      processors: [
        { onEmit: (record) => this.#enqueue(record), forceFlush: async () => {}, shutdown: async () => {} },
      ],
    });
    this.#loggers = {
      log: provider.getLogger('livekit.agents'),
      conversation: provider.getLogger(conversationScope),
    };
  }

  emit({ signal, event, at, severity, body, attributes, context = contexts.active() }: LogItem): void {
    try {
      const { redaction, commonAttributes } = this.#options;
      // Conversation records contain texts only if they were enabled: these are kept.
      const allowPii = signal === 'conversation' || redaction.allowPii;
      this.#loggers[signal].emit({
        timestamp: at,
        severityNumber: severities[severity],
        severityText: severity,
        body: redaction.text(body, 'body', signal) ?? '',
        attributes: { ...commonAttributes?.(), ...redaction.attributes(attributes, signal, allowPii) },
        context,
        ...(event && { eventName: event }),
      });
    } catch {
      this.#options.counters.dropped('internal_error', 1);
    }
  }

  async flush(): Promise<void> {
    await this.#batch.forceFlush().catch(() => {});
    await this.#pending.drained();
  }

  /** Exports waiting records, for at most `ms` milliseconds; the rest is dropped and counted. */
  async finish(ms: number): Promise<void> {
    const done = await settlesWithin(ms, this.flush());
    if (!done) this.#pending.dropAll();
  }

  /** What is left to be sent. */
  unsent(): UnsentItems {
    return { signal: 'LOGS', target: this.#options.target, items: this.#pending.items };
  }

  #enqueue(record: logs.SdkLogRecord): void {
    const { body, attributes } = record;
    const weight = (typeof body === 'string' ? body.length : 0) + weigh(attributes as Attributes);
    if (this.#pending.admit(record, weight)) this.#batch.onEmit(record);
  }
}
