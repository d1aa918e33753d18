import { randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import type { JobContext, llm } from '@livekit/agents';
import { isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { Labels } from '../../catalogue/metrics.ts';
import { observation, type Sink } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';
import { settlesWithin } from '../../deadline.ts';
import { Options } from '../../options.ts';
import { openPrices, pricesVariable } from '../../pricing/cost.ts';
import { reportStem, writeReport } from '../reports/folder.ts';
import { Journal } from '../reports/journal.ts';
import { bucketUrl, ReportSender } from '../reports/report-sender.ts';
import type { SessionReport } from '../reports/schema.ts';
import type { ReportSettings } from '../reports/settings.ts';
import { Redaction, type RedactText } from '../telemetry/redaction.ts';
import { resolveTelemetry, type TelemetryOptions } from '../telemetry/settings.ts';
import { namesOnly, unspokenTextFields, withTexts } from './event-log.ts';
import type { RecordSwitches } from './observe-options.ts';
import { isRedactionDemanded } from './observe-options.ts';
import { processState } from './process-state.ts';
import { loadedSdk } from './sdk.ts';
import { moveSdkRecording, type RecordedJob } from './sdk-recording.ts';
import {
  type JournalHead,
  type ReportContent,
  type ReportHead,
  SessionReportBuilder,
} from './session-report.ts';

type Outcome = Labels<'talkgauge_session_reports_total'>['outcome'];

/** The part of a session that its report needs. */
interface Session {
  history?: Pick<llm.ChatContext, 'items'>;
  sessionOptions?: object;
}

export interface SessionReporterOptions {
  settings: ReportSettings;
  session: object;
  job?: Pick<JobContext, 'job'> & RecordedJob;
  identity: Identity;
  record: Required<RecordSwitches>;
  /** The session's options; those of `monitor` have precedence. */
  telemetry?: TelemetryOptions;
  /** Edits texts of this session only; those of `monitor` go first. */
  redact?: RedactText;
  /** Whether a trace is not sent. */
  muted?: (traceId: string) => boolean;
  sink: Sink;
}

/** A report with its result and location. */
export interface WrittenReport {
  report: SessionReport;
  outcome: Outcome;
  /** Its path, or its place in the bucket; undefined: nowhere. */
  location: string | undefined;
}

/** The part of the deadline reserved for the disk, in milliseconds; by default `recordRoom` has ended before. */
const diskReserve = 750;

/** Maximum length of a text in a report, in UTF-16 units: instructions and tool results may be long. */
const maxText = 262_144;

/** The report of one session, from the first event to the file. */
export class SessionReporter {
  readonly builder: SessionReportBuilder;
  readonly #options: SessionReporterOptions;
  readonly #stem: string;
  readonly #journal: Journal | undefined;
  #ended: Promise<WrittenReport | undefined> | undefined;

  constructor(options: SessionReporterOptions) {
    this.#options = options;
    const { job: context, identity, record, muted } = options;
    const job = context?.job;
    const session = randomBytes(4).toString('hex');
    const span = record.traces ? sentSpan(muted) : undefined;
    this.#stem = reportStem(Date.now(), job?.id ?? '', session);
    const head = {
      ...(job?.id && { jobId: job.id }),
      ...(job?.room?.sid && { roomId: job.room.sid }),
      ...(job?.room?.name && { room: job.room.name }),
      session,
      agentName: identity.agent_name,
      agentVersion: identity.agent_version,
      traceIds: span ? [span.traceId] : [],
    };
    const what = contentOf(options);
    this.#journal = this.#keepJournal(head, what, span?.spanId);
    this.builder = new SessionReportBuilder(head, what, this.#journal);
  }

  /** Writes the report, once and within its deadline, and counts the result. Never rejects. */
  end(): Promise<WrittenReport | undefined> {
    this.#ended ??= this.#write().catch((error: Error) => {
      this.#warn(error.message);
      this.#count('failed');
      return undefined;
    });
    return this.#ended;
  }

  /** Without a journal, a crashed job leaves no report. */
  #keepJournal(head: ReportHead, what: () => ReportContent, spanId?: string): Journal | undefined {
    try {
      const { content, events } = what();
      const { room: _, ...known } = head;
      const first: JournalHead = { head: known, content, events, ...(spanId !== undefined && { spanId }) };
      return new Journal(this.#options.settings.folder, this.#stem, first);
    } catch {
      return undefined;
    }
  }

  async #write(): Promise<WrittenReport> {
    const { settings, job, session, record } = this.#options;
    const { folder, bucket, deadlineMs } = settings;
    const begun = performance.now();
    const recordings = job?.job?.id === undefined ? undefined : processState().recordings.of(job.job.id);
    const left = () => Math.max(0, begun + deadlineMs - performance.now());
    // Recordings of the room end at the same time.
    const [recording] = await Promise.all([
      moveSdkRecording({
        ...{ session, job, folder, stem: this.#stem, ms: deadlineMs / 2 },
        audio: record.audio,
        redaction: isRedactionDemanded(session, job),
      }),
      recordings?.settled(deadlineMs - Math.min(diskReserve, deadlineMs / 2)),
    ]);
    const { history, sessionOptions } = session as Session;
    const sdkVersion = (await loadedSdk().catch(() => undefined))?.version;
    const prices = pricesOf(processState().defaults?.prices);
    prices.close();
    const report = {
      ...this.builder.report({
        at: Date.now(),
        derivation: prices.derivation,
        recordings: [...(recording ? [recording] : []), ...(recordings?.all ?? [])],
        history: history?.items,
        options: sessionOptions,
      }),
      ...(sdkVersion !== undefined && { sdkVersion }),
    };
    let location: string | undefined;
    let outcome = 'deadline' as Outcome;
    let refused: string | undefined = bucket && 'it was not there in time';
    const write = async () => {
      const written = await writeReport(folder, this.#stem, report);
      location = bucket ? bucketUrl(bucket, basename(written)) : written;
      outcome = 'written';
      await this.#journal?.remove();
      if (!bucket) return;
      // Files that the bucket does not accept now wait for the worker.
      const sender = new ReportSender(folder, bucket);
      const files = recording?.status === 'saved' ? [join(folder, `${this.#stem}.ogg`), written] : [written];
      try {
        for (const file of files) await sender.send(file);
        outcome = 'uploaded';
      } catch (error) {
        refused = (error as Error).message;
      }
    };
    const writing = write().catch((error: Error) => {
      outcome = 'failed';
      this.#warn(error.message);
    });
    await settlesWithin(left(), writing);
    this.#journal?.close();
    if (outcome === 'deadline') this.#warn(`the folder did not take it within ${deadlineMs} ms`);
    // Not every job has a worker that would log it.
    if (outcome === 'written' && refused && location) {
      console.warn(
        `talkgauge: the session report ${this.#stem} waits in ${folder} for a worker with monitor() to send it: ${location} was not stored: ${refused}; see docs/reports.md`,
      );
    }
    this.#count(outcome);
    return { report, outcome, location };
  }

  #warn(why: string): void {
    console.warn(
      `talkgauge: the session report ${this.#stem} is not in ${this.#options.settings.folder}: ${why}; see docs/reports.md`,
    );
  }

  #count(outcome: Outcome): void {
    this.#options.sink(observation('talkgauge_session_reports_total', { outcome }, 1));
  }
}

function pricesOf(file: string | undefined = new Options().string('', [pricesVariable])) {
  try {
    return openPrices({ file });
  } catch {
    // The error was reported where the option was given. Cost is then computed from the built-in prices.
    return openPrices();
  }
}

/** The span that the session is observed in, if its trace is sent. */
function sentSpan(muted: (traceId: string) => boolean = () => false): SpanContext | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (!span || !isSpanContextValid(span) || (span.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  return muted(span.traceId) ? undefined : span;
}

/** Which content goes into the report. Called for each event, because LiveKit may demand redaction when a session starts. */
function contentOf(options: SessionReporterOptions): () => ReportContent {
  const { session, job, record, telemetry, redact } = options;
  const first = processState().defaults?.telemetry;
  const { allowPii } = resolveTelemetry({ ...telemetry, ...first });
  const redaction = new Redaction({ allowPii, maxText });
  for (const hook of [first?.redact, telemetry?.redact, redact]) if (hook) redaction.add(hook);
  const edit = (text: string, field: string) => redaction.text(text, field, 'report');
  const texts = { leftOut: allowPii ? withTexts.leftOut : new Set(unspokenTextFields), keep: edit };
  const names = namesOnly(edit);
  return () => {
    const demanded = isRedactionDemanded(session, job);
    const transcript = record.transcript && !demanded;
    return {
      content: { transcript, allowPii: transcript && allowPii, redaction: demanded },
      texts: transcript ? texts : names,
      edit,
      events: record.logs,
    };
  };
}
