import { type Attributes, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import type { Sink } from '../../catalogue/observation.ts';
import type { Recovered } from '../reports/recovery.ts';
import type { DropReason } from '../telemetry/export-queue.ts';
import { LogPipeline } from '../telemetry/log-pipeline.ts';
import { Redaction } from '../telemetry/redaction.ts';
import { resourceOfProcess } from '../telemetry/resource.ts';
import type { TelemetrySettings } from '../telemetry/settings.ts';
import { ConversationRecords } from './conversation-records.ts';
import { TelemetryCounts } from './telemetry-counts.ts';

export interface RecoveredRecordsOptions {
  settings: TelemetrySettings;
  /** Where it is counted what was sent and dropped. */
  sink: Sink;
  /** Takes warnings, one line each. */
  log(message: string): void;
}

/**
 * Tells the log, in the worker, of the reports that it writes for jobs that have died, as these would have told of theirs. A
 * worker sends nothing else, so that nothing of OpenTelemetry's SDK is loaded until there is one.
 */
export class RecoveredRecords {
  readonly #options: RecoveredRecordsOptions;
  readonly #counts = new TelemetryCounts();
  #pipeline: LogPipeline | undefined;
  #ids: Attributes = {};
  #warned = false;

  constructor(options: RecoveredRecordsOptions) {
    this.#options = options;
    this.#counts.tell(options.sink);
  }

  /** Tells of a report, unless there is no backend, or the session's logs are switched off. Never throws, and waits for nothing. */
  tell({ report, logs, spanId }: Recovered, location: string): void {
    try {
      const { jobId, roomId, agentName, agentVersion, traceIds } = report;
      const pipeline = logs ? this.#opened() : undefined;
      if (!pipeline) return;
      this.#ids = {
        ...(jobId !== undefined && { job_id: jobId, room_id: roomId ?? '' }),
        'lk.agent_name': agentName,
        ...(agentVersion !== 'unknown' && { 'lk.agent_version': agentVersion }),
      };
      const [traceId] = traceIds;
      const context =
        traceId === undefined || spanId === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED });
      const records = new ConversationRecords({
        emit: (item) => pipeline.emit({ ...item, context }),
        transcript: () => false,
        logs,
      });
      records.report({ report, outcome: 'recovered', location });
    } catch (error) {
      this.#warn((error as Error).message);
    }
  }

  /** Sends what waits, within the deadline of a job's end. */
  async close(): Promise<void> {
    await this.#pipeline?.finish(this.#options.settings.flushDeadlineMs);
  }

  #opened(): LogPipeline | undefined {
    const { settings } = this.#options;
    if (!settings.logs) return undefined;
    this.#pipeline ??= new LogPipeline({
      target: settings.logs,
      redaction: new Redaction(settings),
      resource: resourceOfProcess(undefined),
      tally: {
        exported: (count: number) => this.#counts.exported('log_records', count),
        dropped: (reason: DropReason, count: number) => this.#counts.dropped('log_records', reason, count),
        failed: (error) => this.#warn(error?.message || 'no answer'),
      },
      stamps: () => this.#ids,
    });
    return this.#pipeline;
  }

  #warn(why: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#options.log(`the log is not told of a report that was recovered: ${why}`);
  }
}
