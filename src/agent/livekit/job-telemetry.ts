import { inspect } from 'node:util';
import type { JobContext } from '@livekit/agents';
import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { tracing } from '@opentelemetry/sdk-node';
import { exportedMarkers } from '../../catalogue/marker.ts';
import { type Observation, observation, type Sink } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';
import { settlesWithin } from '../../deadline.ts';
import { wrapShutdownCallbacks, wrapUploadMetadata } from '../../private-apis/readers.ts';
import type { LogItem } from '../telemetry/log-pipeline.ts';
import type { RedactText } from '../telemetry/redaction.ts';
import type { TelemetrySettings } from '../telemetry/settings.ts';
import { Telemetry, type TelemetryCounters } from '../telemetry/telemetry.ts';
import type { TurnRules } from '../telemetry/turn-sampling.ts';
import { bridgeLogger, exception } from './logger-bridge.ts';
import type { Sdk } from './sdk.ts';
import { SpanSource } from './tracer-provider.ts';

/** The part of a job's context that is used here. */
export type JobTelemetryContext = Pick<JobContext, 'job' | 'addShutdownCallback'>;

type Connect = (identity: Identity) => { sink: Sink; flush(): Promise<void> };

/** The span that the SDK opens for a whole job, around its entry function. */
const jobSpanName = 'job_entrypoint';

/** Traces and logs of one job process, from before its job until its end. */
export class JobTelemetry {
  readonly telemetry: Telemetry;
  readonly #provider: SpanSource;
  #sdk: Sdk | undefined;
  #identity: Identity;
  #job: JobTelemetryContext | undefined;
  #jobSpan: tracing.Span | undefined;
  readonly #counts = new TelemetryMetrics();
  #logs = true;
  readonly #exported = new Set<'conversation' | 'report'>();
  #ended = false;
  readonly #connect: Connect;

  /**
   * Sets everything up synchronously: the SDK's first span starts with the job.
   *
   * @param connect where counts go, for a job that ends before its session was observed
   */
  constructor(settings: TelemetrySettings, identity: Identity, connect: Connect) {
    this.#identity = identity;
    this.#connect = connect;
    const log = (message: string) => console.warn(`talkgauge: ${message}`);
    this.telemetry = new Telemetry({
      settings,
      rules: turnRules(settings.slowTurnSeconds),
      counts: this.#counts,
      version: identity.agent_version === 'unknown' ? undefined : identity.agent_version,
      commonAttributes: () => this.#commonAttributes(),
      onStart: (span) => this.#onStart(span),
      log,
    });
    this.#provider = new SpanSource(this.telemetry);
    if (this.telemetry.logs) {
      bridgeLogger({
        emit: (item) => this.log(item),
        allowPii: () => this.telemetry.redaction.allowPii,
        context: () => this.#context(),
      });
    }
  }

  /** Logs and flushes when the process exits during a job: by `process.exit` or an uncaught exception. */
  #watchExit(): void {
    const logEnd = (severity: 'ERROR' | 'FATAL', body: string, attributes: Attributes) =>
      this.log({ signal: 'log', at: Date.now(), severity, body, attributes });
    process.on('uncaughtExceptionMonitor', (error: unknown) => {
      if (this.#ended) return;
      // Any value may be thrown. An error here would end a process that handles the original one.
      const thrown = error instanceof Error ? error : new Error(inspect(error));
      logEnd('FATAL', 'uncaught exception', exception(thrown, this.telemetry.redaction.allowPii));
    });
    process.once('exit', (code) => {
      if (this.#ended) return;
      this.#ended = true;
      try {
        logEnd('ERROR', `the process exits with ${code} in the middle of a job`, {
          'process.exit.code': code,
        });
        this.telemetry.flushOnExit();
      } catch {
        // An error here would change the exit code of the process.
      }
    });
  }

  /** Passes the tracer provider to each used build of the SDK. Never throws. */
  attachTo(sdk: Sdk): void {
    this.#sdk ??= sdk;
    try {
      this.#provider.attachTo(sdk, this.#knownAttributes());
    } catch (error) {
      console.warn(`talkgauge: LiveKit's SDK does not take the tracing: ${(error as Error).message}`);
    }
  }

  /** Sets the job; its end waits for the export, within the deadline. */
  attachJob(job: JobTelemetryContext): void {
    if (this.#job) return;
    this.#job = job;
    this.#watchExit();
    this.withhold(() => job.job.enableRedaction === true);
    const name = job.job.agentName;
    if (this.#identity.agent_name === 'unknown' && name)
      this.#identity = { ...this.#identity, agent_name: name };
    this.#jobSpan?.setAttributes(this.#commonAttributes());
    addUploadAttributes(job, () => this.#uploadAttributes());
    const otherCallbacks: Promise<unknown>[] = [];
    const tracked = (callback: () => Promise<void>) => () => {
      const done = Promise.resolve().then(() => callback());
      otherCallbacks.push(done);
      return done;
    };
    wrapShutdownCallbacks(job, tracked);
    const add = job.addShutdownCallback.bind(job);
    add(() => this.#end(otherCallbacks));
    job.addShutdownCallback = (callback) => add(tracked(callback));
  }

  /** Sets the identity of the job's session, and the sink of counts. */
  identify(identity: Identity, sink: Sink): void {
    this.#identity = identity;
    this.#jobSpan?.setAttributes(this.#commonAttributes());
    this.#counts.connect(sink);
  }

  /** Disables the job's spans or log for a session. */
  switchOff(
    { traces, logs }: { traces: boolean; logs: boolean },
    traceId = this.#jobSpan?.spanContext().traceId,
  ): void {
    if (!traces && traceId) this.telemetry.spans?.mute(traceId);
    if (!logs) this.#logs = false;
    if (this.#jobSpan) this.#setExportedMarkers(this.#jobSpan);
  }

  /** Marks the conversation's records, or the report's, as exported by the job. */
  markExported(what: 'conversation' | 'report'): void {
    if (this.telemetry.logs) this.#exported.add(what);
    if (this.#jobSpan) this.#setExportedMarkers(this.#jobSpan);
  }

  /** Removes the job's content from the moment that LiveKit demands redaction of it, or of one of its sessions. */
  withhold(demanded: () => boolean): void {
    this.telemetry.redaction.withhold(demanded);
  }

  redact(hook: RedactText): void {
    this.telemetry.redaction.add(hook);
  }

  emit(item: LogItem): void {
    this.telemetry.logs?.emit({ context: this.#context(), ...item });
  }

  /** Emits a record without conversation content, unless logs are switched off. */
  log(item: LogItem): void {
    if (this.#logs) this.emit(item);
  }

  /** The active span, otherwise the job's. */
  #context(): Context {
    const active = context.active();
    if (!this.#jobSpan || trace.getSpan(active)) return active;
    return trace.setSpanContext(ROOT_CONTEXT, this.#jobSpan.spanContext());
  }

  #onStart(span: tracing.Span): void {
    this.#setExportedMarkers(span);
    if (span.name !== jobSpanName || this.#jobSpan) return;
    this.#jobSpan = span;
    const job = this.#sdk?.getJobContext(false);
    if (job) this.attachJob(job);
  }

  /** An agent without a name, LiveKit's default, is `unknown`, as in metrics: TraceQL's `=~ ".*"` finds no span without one. */
  #commonAttributes(): Attributes {
    return { 'lk.agent_name': 'unknown', ...this.#knownAttributes() };
  }

  /** For the gateway: which of the uploaded lines and records the job exports itself. */
  #uploadAttributes(): Attributes {
    return {
      ...(this.telemetry.logs && this.#logs && { [exportedMarkers.logs]: true }),
      ...Object.fromEntries([...this.#exported].map((what) => [exportedMarkers[what], true])),
    };
  }

  /** And whether it exports this span. */
  #setExportedMarkers(span: tracing.Span): void {
    const muted = this.telemetry.spans?.muted(span.spanContext().traceId);
    span.setAttributes({ ...this.#uploadAttributes(), [exportedMarkers.traces]: !muted });
  }

  #knownAttributes(): Attributes {
    const { agent_name, agent_version } = this.#identity;
    const job = this.#job?.job;
    return {
      ...(job && { job_id: job.id, room_id: job.room?.sid ?? '' }),
      ...(agent_name !== 'unknown' && { 'lk.agent_name': agent_name }),
      ...(agent_version !== 'unknown' && { 'lk.agent_version': agent_version }),
    };
  }

  /** Waits for the job's other shutdown callbacks, which may be traced and logged, and then for the backend. */
  async #end(otherCallbacks: readonly Promise<unknown>[]): Promise<void> {
    await new Promise(setImmediate);
    await Promise.allSettled(otherCallbacks);
    // An entry function that has not returned by now is ignored.
    if (this.#jobSpan?.isRecording()) this.#jobSpan.end();
    const { flushDeadlineMs } = this.telemetry.settings;
    const begun = performance.now();
    await Promise.all([
      this.telemetry.finish(),
      settlesWithin(flushDeadlineMs, this.#provider.flushSdkExporter()),
    ]);
    this.#ended = true;
    // A job that failed before its session was observed has pending counts and no sink.
    if (this.#counts.hasPending) {
      const { sink, flush } = this.#connect(this.#identity);
      this.#counts.connect(sink);
      await settlesWithin(Math.max(0, begun + flushDeadlineMs - performance.now()), flush());
    }
  }
}

/** The structure of turns in the SDK's spans. An answer with tools has several `agent_turn`s with one speech id. */
export const turnRules = (slowTurnSeconds: number): TurnRules => ({
  sideOf: (name) => (name === 'user_turn' ? 'user' : name === 'agent_turn' ? 'agent' : undefined),
  answerOf: ({ attributes }) => attributes['lk.speech_id']?.toString(),
  notable: ({ attributes, status, events }) =>
    status.code === SpanStatusCode.ERROR ||
    attributes['error.type'] !== undefined ||
    attributes['lk.interrupted'] === true ||
    attributes['lk.function_tool.is_error'] === true ||
    Number(attributes['lk.e2e_latency'] ?? 0) > slowTurnSeconds ||
    events.some(({ name }) => name === 'exception'),
});

/** Maximum number of counts that wait for the job's destination; they are a few sums. */
const maxPending = 256;

/** The counts of traces and logs, as samples; they wait until the process has a destination for samples. */
export class TelemetryMetrics implements TelemetryCounters {
  #sink: Sink | undefined;
  #pending: Observation[] = [];

  exported(signal: 'spans' | 'log_records', count: number): void {
    this.#count(observation(`talkgauge_${signal}_exported_total`, {}, count));
  }

  dropped(
    signal: 'spans' | 'log_records',
    reason: Parameters<TelemetryCounters['dropped']>[1],
    count: number,
  ): void {
    this.#count(observation(`talkgauge_${signal}_dropped_total`, { reason }, count));
  }

  leftOut(count: number): void {
    this.#count(observation('talkgauge_spans_left_out_total', {}, count));
  }

  /** Whether counts wait for a sink. */
  get hasPending(): boolean {
    return this.#sink === undefined && this.#pending.length > 0;
  }

  connect(sink: Sink): void {
    this.#sink = sink;
    for (const one of this.#pending.splice(0)) sink(one);
  }

  #count(counted: Observation): void {
    if (this.#sink) this.#sink(counted);
    else if (this.#pending.length < maxPending) this.#pending.push(counted);
  }
}

/**
 * Adds attributes to each span, line and report of a job that the SDK uploads. With an SDK of another structure they are
 * missing, and the gateway then forwards everything.
 */
export function addUploadAttributes(job: object, attributes: () => Attributes): void {
  wrapUploadMetadata(job, (made) => (...options) => ({
    ...made(...options),
    ...(attributes() as Record<string, boolean | string>),
  }));
}
