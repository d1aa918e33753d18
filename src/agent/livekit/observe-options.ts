import type { JobContext } from '@livekit/agents';
import type { Identity } from '../../catalogue/types.ts';
import type { Recorder } from '../../metrics/recorder.ts';
import { Options } from '../../options.ts';
import { redactionFlagOf } from '../../private-apis/readers.ts';
import { type ReportOptions, type ReportSettings, resolveReports } from '../reports/settings.ts';
import type { RedactText } from '../telemetry/redaction.ts';
import type { TelemetryOptions } from '../telemetry/settings.ts';

export interface ObserveOptions {
  /** The label `agent_name`. @default TALKGAUGE_AGENT_NAME, the job's agent name, LIVEKIT_AGENT_NAME, or `unknown` */
  agentName?: string;
  /**
   * The label `agent_version`: it distinguishes deployments, such as a release or a commit.
   * @default TALKGAUGE_AGENT_VERSION, LIVEKIT_AGENT_DEPLOYMENT, or `unknown`
   */
  agentVersion?: string;
  /**
   * Records the session's events, for `talkgauge replay` or a bug report: a file to append to, or a folder (it ends in /)
   * for a file per session. @default TALKGAUGE_RECORD_TO, or nothing is recorded
   */
  recordTo?: string;
  /**
   * Whether the event log contains transcripts, and arguments and results of tools. @default TALKGAUGE_RECORD_TRANSCRIPTS,
   * or false
   */
  recordTranscripts?: boolean;
  /** Whether the job's OpenTelemetry instruments that the catalogue knows are recorded. @default TALKGAUGE_OPEN_TELEMETRY, or true */
  openTelemetry?: boolean;
  /**
   * The parts of the session that are kept if there is a backend: `true` or `false` for all, or switches named as LiveKit
   * names them. @default TALKGAUGE_RECORD, or traces and logs, without transcript and audio
   */
  record?: boolean | RecordSwitches;
  /**
   * The session's report: `false` for none, or where it goes, instead of where `monitor` says. Without any of the switches of
   * `record` there is none either. @default as of `monitor`: TALKGAUGE_REPORTS
   */
  report?: boolean | ReportOptions;
  /** Edits every text before it leaves the process, for example to mask numbers. @default nothing is edited */
  redact?: RedactText;
  /**
   * The destination of traces and logs, if the agent's file does not call `monitor`; the job's first span is missing then.
   * @default as of `monitor`
   */
  telemetry?: TelemetryOptions;
}

/** The observation of one session; see `observe`. */
export interface SessionObservation {
  /** The registry of this process, where it records; undefined in a job process, which sends to its worker. */
  recorder: Recorder | undefined;
  /** Stops observing before the session's end. What was recorded stays. */
  close(): void;
}

/** The options of `monitor` that sessions use. */
export interface Defaults {
  reports?: ReportOptions;
  telemetry?: TelemetryOptions;
  /** The user's price file. */
  prices?: string;
}

const nameVariables = ['TALKGAUGE_AGENT_NAME'];
const versionVariables = ['TALKGAUGE_AGENT_VERSION', 'LIVEKIT_AGENT_DEPLOYMENT'];

/** The agent's name and version, from options and environment. */
export function resolveIdentity(options: Options, jobsName?: string): Identity {
  return {
    agent_name:
      options.string('agentName', nameVariables) ||
      jobsName ||
      options.string('', ['LIVEKIT_AGENT_NAME']) ||
      'unknown',
    agent_version: options.string('agentVersion', versionVariables) ?? 'unknown',
  };
}

/** @throws {OptionError} for an option that cannot be used. */
export function resolveObserveOptions(given: ObserveOptions, jobsName: string | undefined) {
  const options = new Options(given);
  return {
    identity: resolveIdentity(options, jobsName),
    recordTo: options.string('recordTo', ['TALKGAUGE_RECORD_TO']),
    recordTranscripts: options.boolean('recordTranscripts', 'TALKGAUGE_RECORD_TRANSCRIPTS') ?? false,
    openTelemetry: options.boolean('openTelemetry', 'TALKGAUGE_OPEN_TELEMETRY') ?? true,
    record: resolveSwitches(options),
    audio: audioSwitch(options),
    redact: given?.redact,
  };
}

/**
 * The destination of the session's report; undefined: no report.
 *
 * @throws {OptionError} for an option or variable that cannot be used
 */
export function resolveReportOf(
  given: ObserveOptions | null,
  record: RecordSwitches,
  defaults: Defaults = {},
): ReportSettings | undefined {
  const report = given?.report ?? true;
  if (report === false || !Object.values(record).some(Boolean)) return undefined;
  return resolveReports(new Options({ ...defaults.reports, ...(report === true ? {} : report) }));
}

/** The parts of a session that are kept, named as in LiveKit's `session.start({ record })`. */
export interface RecordSwitches {
  /** Audio, for recordings; traces and logs contain none. @default false */
  audio?: boolean;
  /** Transcripts: texts in conversation records, with arguments and results of tools. @default false */
  transcript?: boolean;
  /** The job's spans. @default true, where there is a backend */
  traces?: boolean;
  /** The agent's log, and conversation records without transcripts. @default true, where there is a backend */
  logs?: boolean;
}

const switchNames = ['audio', 'transcript', 'traces', 'logs'] as const;
const givenSwitches = (options: Options) => options.switches('record', 'TALKGAUGE_RECORD', switchNames);
const defaultSwitches = { audio: false, transcript: false, traces: true, logs: true };

/**
 * The switches by option (`true` and `false` are for all of them), else by TALKGAUGE_RECORD: the switchNames of those that
 * are on, with commas in between, or `none`.
 *
 * @throws {OptionError} for an option that cannot be used
 */
export function resolveSwitches(options: Options): Required<RecordSwitches> {
  const given = givenSwitches(options);
  if (!given) return defaultSwitches;
  return { ...defaultSwitches, ...given };
}

/** The switch `audio` if it is set explicitly; undefined: a call of `recordRoom` decides. */
export const audioSwitch = (options: Options): boolean | undefined => givenSwitches(options)?.audio;

/**
 * Whether LiveKit demands that no content of a session is kept: for the project or job, or by `session.start`. If the SDK
 * does not provide the flag, it counts as demanded, whatever the options are: the SDK sets `redaction: false` in them by
 * itself, and a job without the field reads as `false`, too.
 */
export function isRedactionDemanded(session: object, job: Pick<JobContext, 'job'> | undefined): boolean {
  if (job?.job?.enableRedaction === true) return true;
  const { sessionOptions } = session as { sessionOptions?: { recordingOptions?: { redaction?: unknown } } };
  if (sessionOptions?.recordingOptions?.redaction === true) return true;
  return redactionFlagOf(session) ?? true;
}
