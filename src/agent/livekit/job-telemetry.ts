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
import { within } from '../telemetry/export-queue.ts';
import type { LogItem } from '../telemetry/log-pipeline.ts';
import type { RedactText } from '../telemetry/redaction.ts';
import type { TelemetrySettings } from '../telemetry/settings.ts';
import { type Counts, Telemetry } from '../telemetry/telemetry.ts';
import type { TurnRules } from '../telemetry/turn-sampling.ts';
import { bridgeLogger, exception } from './logger-bridge.ts';
import { checkExportDelegate, shutdownCallbacksOf, wrapUploadMetadata } from './private-apis.ts';
import type { Sdk } from './sdk.ts';
import { Provider } from './tracer-provider.ts';

/** What is needed of a job's context. */
export type JobOfTelemetry = Pick<JobContext, 'job' | 'addShutdownCallback'>;

type Connect = (identity: Identity) => { sink: Sink; flush(): Promise<void> };

/** The span that the SDK opens for a whole job, around its entry function. */
const rootName = 'job_entrypoint';

/** Traces and logs of one job process, from before its job to its end. */
export class JobTelemetry {
  readonly telemetry: Telemetry;
  readonly #provider: Provider;
  #sdk: Sdk | undefined;
  #identity: Identity;
  #job: JobOfTelemetry | undefined;
  #root: tracing.Span | undefined;
  readonly #counts = new TelemetryCounts();
  #logs = true;
  readonly #told = new Set<'conversation' | 'report'>();
  #over = false;
  readonly #connect: Connect;

  /**
   * Sets everything up, at once: the SDK's first span comes as soon as a job does.
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
      stamps: () => this.#stamps(),
      onStart: (span) => this.#started(span),
      log,
    });
    if ([settings.traces, settings.logs].some((target) => target && target.protocol !== 'grpc')) {
      checkExportDelegate();
    }
    this.#provider = new Provider(this.telemetry);
    if (this.telemetry.logs) {
      bridgeLogger({
        emit: (item) => this.log(item),
        allowPii: () => this.telemetry.redaction.allowPii,
        context: () => this.#context(),
      });
    }
  }

  /** Sees to what a job leaves that ends in the middle of it: by `process.exit`, or by an error that nobody caught. */
  #watchExit(): void {
    const over = (severity: 'ERROR' | 'FATAL', body: string, attributes: Attributes) =>
      this.log({ signal: 'log', at: Date.now(), severity, body, attributes });
    process.on('uncaughtExceptionMonitor', (error: unknown) => {
      if (this.#over) return;
      // Anything may be thrown. What is thrown here would end a process that handles what was.
      const thrown = error instanceof Error ? error : new Error(inspect(error));
      over('FATAL', 'uncaught exception', exception(thrown, this.telemetry.redaction.allowPii));
    });
    process.once('exit', (code) => {
      if (this.#over) return;
      this.#over = true;
      try {
        over('ERROR', `the process exits with ${code} in the middle of a job`, { 'process.exit.code': code });
        this.telemetry.finishNow();
      } catch {
        // It would give the process another exit code.
      }
    });
  }

  /** Hands the tracing to the SDK: to each of its builds that is used. Never throws. */
  handTo(sdk: Sdk): void {
    this.#sdk ??= sdk;
    try {
      this.#provider.handTo(sdk, this.#known());
    } catch (error) {
      console.warn(`talkgauge: LiveKit's SDK does not take the tracing: ${(error as Error).message}`);
    }
  }

  /** Says which job this is; its end waits for what is to be sent, within the deadline. */
  follow(job: JobOfTelemetry): void {
    if (this.#job) return;
    this.#job = job;
    this.#watchExit();
    this.withhold(() => job.job.enableRedaction === true);
    const name = job.job.agentName;
    if (this.#identity.agent_name === 'unknown' && name)
      this.#identity = { ...this.#identity, agent_name: name };
    this.#root?.setAttributes(this.#stamps());
    markUploads(job, () => this.#marks());
    const others: Promise<unknown>[] = [];
    const seen = (callback: () => Promise<void>) => () => {
      const done = Promise.resolve().then(() => callback());
      others.push(done);
      return done;
    };
    const shutdownCallbacks = shutdownCallbacksOf(job) ?? [];
    shutdownCallbacks.splice(0, Number.POSITIVE_INFINITY, ...shutdownCallbacks.map(seen));
    const add = job.addShutdownCallback.bind(job);
    add(() => this.#end(others));
    job.addShutdownCallback = (callback) => add(seen(callback));
  }

  /** Says whom the job's session is about, and where counts go. */
  identify(identity: Identity, sink: Sink): void {
    this.#identity = identity;
    this.#root?.setAttributes(this.#stamps());
    this.#counts.tell(sink);
  }

  /** Switches of a session off what the job has: its spans, its log. */
  switchOff(
    { traces, logs }: { traces: boolean; logs: boolean },
    traceId = this.#root?.spanContext().traceId,
  ): void {
    if (!traces && traceId) this.telemetry.spans?.mute(traceId);
    if (!logs) this.#logs = false;
    if (this.#root) this.#mark(this.#root);
  }

  /** Notes that the conversation of a session is told, or that its report will be. */
  tells(what: 'conversation' | 'report'): void {
    if (this.telemetry.logs) this.#told.add(what);
    if (this.#root) this.#mark(this.#root);
  }

  /** Keeps no content of the job from when on LiveKit demands redaction of it, or of one of its sessions. */
  withhold(demanded: () => boolean): void {
    this.telemetry.redaction.withhold(demanded);
  }

  redact(hook: RedactText): void {
    this.telemetry.redaction.add(hook);
  }

  emit(item: LogItem): void {
    this.telemetry.logs?.emit({ context: this.#context(), ...item });
  }

  /** Emits what has no words of the conversation in it, unless logs are switched off. */
  log(item: LogItem): void {
    if (this.#logs) this.emit(item);
  }

  /** The span that is active, else the job's. */
  #context(): Context {
    const active = context.active();
    if (!this.#root || trace.getSpan(active)) return active;
    return trace.setSpanContext(ROOT_CONTEXT, this.#root.spanContext());
  }

  #started(span: tracing.Span): void {
    this.#mark(span);
    if (span.name !== rootName || this.#root) return;
    this.#root = span;
    const job = this.#sdk?.getJobContext(false);
    if (job) this.follow(job);
  }

  /** An agent without a name, LiveKit's default, is `unknown`, as in metrics: TraceQL's `=~ ".*"` finds no span without one. */
  #stamps(): Attributes {
    return { 'lk.agent_name': 'unknown', ...this.#known() };
  }

  /** For the gateway: which of the lines and records that are uploaded the job sends itself. */
  #marks(): Attributes {
    return {
      ...(this.telemetry.logs && this.#logs && { [exportedMarkers.logs]: true }),
      ...Object.fromEntries([...this.#told].map((what) => [exportedMarkers[what], true])),
    };
  }

  /** And that it sends this span. */
  #mark(span: tracing.Span): void {
    const muted = this.telemetry.spans?.muted(span.spanContext().traceId);
    span.setAttributes({ ...this.#marks(), [exportedMarkers.traces]: !muted });
  }

  #known(): Attributes {
    const { agent_name, agent_version } = this.#identity;
    const job = this.#job?.job;
    return {
      ...(job && { job_id: job.id, room_id: job.room?.sid ?? '' }),
      ...(agent_name !== 'unknown' && { 'lk.agent_name': agent_name }),
      ...(agent_version !== 'unknown' && { 'lk.agent_version': agent_version }),
    };
  }

  /** Waits for what else the job does at its end, for that may be traced and logged, and then for the backend. */
  async #end(others: readonly Promise<unknown>[]): Promise<void> {
    await new Promise(setImmediate);
    await Promise.allSettled(others);
    // An entry function that has not returned by now is not waited for any longer.
    if (this.#root?.isRecording()) this.#root.end();
    const { flushDeadlineMs } = this.telemetry.settings;
    const begun = performance.now();
    await Promise.all([this.telemetry.finish(), within(flushDeadlineMs, this.#provider.flushLiveKits())]);
    this.#over = true;
    // A job that failed before its session was observed has not yet told anybody what it counted.
    if (this.#counts.untold) {
      const { sink, flush } = this.#connect(this.#identity);
      this.#counts.tell(sink);
      await within(Math.max(0, begun + flushDeadlineMs - performance.now()), flush());
    }
  }
}

/** How turns look in the SDK's spans. An answer with tools is several `agent_turn`s with one speech id. */
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

/** How many counts may wait for the job to have a destination; they are few sums. */
const maxWaiting = 256;

/** What is counted of traces and logs, as samples; they wait until the process knows where these go. */
export class TelemetryCounts implements Counts {
  #sink: Sink | undefined;
  #waiting: Observation[] = [];

  exported(signal: 'spans' | 'log_records', count: number): void {
    this.#count(observation(`talkgauge_${signal}_exported_total`, {}, count));
  }

  dropped(signal: 'spans' | 'log_records', reason: Parameters<Counts['dropped']>[1], count: number): void {
    this.#count(observation(`talkgauge_${signal}_dropped_total`, { reason }, count));
  }

  leftOut(count: number): void {
    this.#count(observation('talkgauge_spans_left_out_total', {}, count));
  }

  /** Whether something waits that nobody has been told. */
  get untold(): boolean {
    return this.#sink === undefined && this.#waiting.length > 0;
  }

  tell(sink: Sink): void {
    this.#sink = sink;
    for (const one of this.#waiting.splice(0)) sink(one);
  }

  #count(counted: Observation): void {
    if (this.#sink) this.#sink(counted);
    else if (this.#waiting.length < maxWaiting) this.#waiting.push(counted);
  }
}

/**
 * Adds attributes to what the SDK says of each span, line and report that it uploads of a job. An SDK that keeps that elsewhere
 * uploads without them, and the gateway then hands on what it gets.
 */
export function markUploads(job: object, marks: () => Attributes): void {
  wrapUploadMetadata(job, (made) => (...options) => ({
    ...made(...options),
    ...(marks() as Record<string, boolean | string>),
  }));
}
