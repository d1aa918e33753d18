import type { Attributes } from '@opentelemetry/api';
import type { resources, tracing } from '@opentelemetry/sdk-node';
import { flushInChildProcess } from './exit-flush.ts';
import type { DropReason } from './export-queue.ts';
import { LogPipeline } from './log-pipeline.ts';
import { loadLogsApi, loadNodeSdk, resourceOfProcess } from './opentelemetry.ts';
import { Redaction } from './redaction.ts';
import type { TelemetrySettings } from './settings.ts';
import { SpanPipeline } from './span-pipeline.ts';
import type { TurnRules } from './turn-sampling.ts';

/** What is counted, by signal. */
export interface TelemetryCounters {
  exported(signal: 'spans' | 'log_records', count: number): void;
  dropped(signal: 'spans' | 'log_records', reason: DropReason, count: number): void;
  leftOut(count: number): void;
}

export interface TelemetrySetup {
  settings: TelemetrySettings;
  rules: TurnRules;
  counts: TelemetryCounters;
  /** The label of the release, for the resource. */
  version?: string;
  /** Attributes of every span and record. */
  commonAttributes(): Attributes;
  /** Called when a span begins. */
  onStart(span: tracing.Span): void;
  /** Takes warnings, one line each. */
  log(message: string): void;
}

/** The pipelines of this process's traces and logs. */
export class Telemetry {
  readonly settings: TelemetrySettings;
  readonly redaction: Redaction;
  readonly spans: SpanPipeline | undefined;
  readonly logs: LogPipeline | undefined;
  readonly #resource: resources.Resource;

  /** Loads OpenTelemetry's packages synchronously. */
  constructor({ settings, rules, counts, version, commonAttributes, onStart, log }: TelemetrySetup) {
    this.settings = settings;
    this.redaction = new Redaction(settings);
    this.#resource = resourceOfProcess(version);
    const counters = (signal: 'spans' | 'log_records', what: string) => {
      let logged = false;
      return {
        exported: (count: number) => counts.exported(signal, count),
        dropped: (reason: DropReason, count: number) => counts.dropped(signal, reason, count),
        failed: (error: Error | undefined) => {
          if (!logged)
            log(`${what} could not be sent (${error?.message || 'no answer'}); what is lost is counted`);
          logged = true;
        },
      };
    };
    const { redaction } = this;
    if (settings.traces) {
      this.spans = new SpanPipeline({
        target: settings.traces,
        redaction,
        rules,
        turnRatio: settings.turnRatio,
        counters: { ...counters('spans', 'traces'), leftOut: (count) => counts.leftOut(count) },
        onStart: (span) => {
          span.setAttributes(commonAttributes());
          onStart(span);
        },
      });
    }
    if (settings.logs) {
      this.logs = new LogPipeline({
        target: settings.logs,
        redaction,
        resource: this.#resource,
        counters: counters('log_records', 'logs'),
        commonAttributes,
      });
    }
  }

  /**
   * Starts OpenTelemetry's SDK with these spans as the global provider, and with `further` processors that other
   * exporters can be added to. Its sampler, limits, propagators and context manager go by the standard variables.
   */
  startProvider(further: tracing.SpanProcessor): void {
    if (!this.spans) return;
    const { NodeSDK } = loadNodeSdk();
    const { logs } = loadLogsApi();
    const before = logs.getLoggerProvider();
    new NodeSDK({
      resource: this.#resource,
      autoDetectResources: false,
      spanProcessors: [this.spans, further],
      // This provider is for spans only, whatever the variables say.
      metricReaders: [],
      logRecordProcessors: [],
    }).start();
    // It registers a provider of logs all the same, and the API takes only one: that is the user's to choose.
    if (logs.getLoggerProvider() !== before) logs.disable();
  }

  /** Exports waiting items synchronously, by a child process: this process exits. */
  flushOnExit(): void {
    const rest = [this.spans?.unsent(), this.logs?.unsent()].filter((one) => one !== undefined);
    flushInChildProcess(rest, this.settings.flushDeadlineMs);
  }

  /** Exports waiting items within the deadline; the rest is dropped and counted. */
  async finish(): Promise<void> {
    const { flushDeadlineMs } = this.settings;
    await Promise.all([this.spans?.finish(flushDeadlineMs), this.logs?.finish(flushDeadlineMs)]);
  }
}
