import { readFile, stat } from 'node:fs/promises';
import { type Attributes, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import type { Derivation, Sink } from '../../catalogue/observation.ts';
import { SessionObserver } from '../../session/session-observer.ts';
import { InvalidJournalError, type RecoveredReport } from '../reports/journal.ts';
import type { DropReason } from '../telemetry/export-queue.ts';
import { LogPipeline } from '../telemetry/log-pipeline.ts';
import { resourceOfProcess } from '../telemetry/opentelemetry.ts';
import { Redaction } from '../telemetry/redaction.ts';
import type { TelemetrySettings } from '../telemetry/settings.ts';
import { ConversationRecords } from './conversation-records.ts';
import { withTexts } from './event-log.ts';
import { TelemetryMetrics } from './job-telemetry.ts';
import { inSeconds } from './sdk-event.ts';
import { type JournalHead, SessionReportBuilder } from './session-report.ts';

/**
 * The report of a crashed job, from its journal: without a recording, the session's options, and data that was not yet on
 * disk.
 *
 * @throws {InvalidJournalError} if it is not a journal; the system's error if it cannot be read
 */
export async function recoverReport(journal: string, derivation: Derivation): Promise<RecoveredReport> {
  const { mtimeMs } = await stat(journal);
  const [first = '', ...lines] = (await readFile(journal, 'utf8')).split('\n');
  const { head, content, events, spanId } = headOf(first);
  // Content that must not be kept was omitted when the journal was written.
  const draft = new SessionReportBuilder(head, () => ({
    content,
    texts: withTexts,
    edit: withTexts.keep,
    events,
  }));
  const begin = () => new SessionObserver({ onTurnEnd: (turn) => draft.turn(turn) });
  let observer = begin();
  let last = 0;
  for (const line of lines) {
    try {
      const { line: number, repeated, ...event } = JSON.parse(line);
      if (!(number > last) || !observer.knows(event.type)) continue;
      last = number;
      if (!repeated) draft.samples(observer.handle(event.type, inSeconds(event.type, event as never)));
      draft.event(event.type, event as never, repeated === true);
      // A session may be started again after its close.
      if (event.type === 'close') observer = begin();
    } catch {
      // The last line may be incomplete.
    }
  }
  draft.samples(observer.ended());
  draft.markLost(mtimeMs);
  const report = draft.report({ at: Date.now(), derivation, recordings: [] });
  return { report, logs: events, ...(spanId !== undefined && { spanId }) };
}

function headOf(line: string): JournalHead {
  try {
    const parsed = JSON.parse(line) as JournalHead;
    if (parsed.head.session && parsed.content) return parsed;
  } catch {
    // An incomplete line is no head, either.
  }
  throw new InvalidJournalError('it does not begin as a journal does');
}

export interface RecoveredRecordsOptions {
  settings: TelemetrySettings;
  /** The sink for counts of sent and dropped records. */
  sink: Sink;
  /** Receives warnings, one line each. */
  log(message: string): void;
}

/**
 * Emits, in the worker, the log records of recovered reports, as the jobs would have emitted them. A worker exports nothing
 * else, so that OpenTelemetry's SDK is only loaded for the first record.
 */
export class RecoveredRecords {
  readonly #options: RecoveredRecordsOptions;
  readonly #counts = new TelemetryMetrics();
  #pipeline: LogPipeline | undefined;
  #ids: Attributes = {};
  #warned = false;

  constructor(options: RecoveredRecordsOptions) {
    this.#options = options;
    this.#counts.connect(options.sink);
  }

  /** Emits a report's record, unless there is no backend, or the session's logs are switched off. Never throws, and waits for nothing. */
  emit({ report, logs, spanId }: RecoveredReport, location: string): void {
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

  /** Sends waiting records, within the deadline of a job's end. */
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
      counters: {
        exported: (count: number) => this.#counts.exported('log_records', count),
        dropped: (reason: DropReason, count: number) => this.#counts.dropped('log_records', reason, count),
        failed: (error) => this.#warn(error?.message || 'no answer'),
      },
      commonAttributes: () => this.#ids,
    });
    return this.#pipeline;
  }

  #warn(why: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#options.log(`a recovered report has no log record: ${why}`);
  }
}
