import { randomUUID } from 'node:crypto';
import type { JobContext } from '@livekit/agents';
import type { ConversationRecord, RecordAttributes } from '../../catalogue/conversation.ts';
import { observation, type Sink } from '../../catalogue/observation.ts';
import { Options } from '../../options.ts';
import { optionError } from '../egress/recording-error.ts';
import { type RecordingResult, RoomEgress } from '../egress/room-egress.ts';
import {
  type RecordingDestination,
  type RecordingMedia,
  type RecordingSettings,
  type RecordRoomOptions,
  resolveRecording,
} from '../egress/settings.ts';
import type { LogItem, Severity } from '../telemetry/log-pipeline.ts';
import { type Destination, destination } from './destination.ts';
import type { JobRecording, JobRecordings } from './job-recordings.ts';
import { audioSwitch, resolveIdentity } from './observe-options.ts';
import { processState } from './process-state.ts';

/** The part of a job's context that is used here. */
type RecordedJob = Pick<JobContext, 'job'> &
  Partial<Pick<JobContext, 'info' | 'isFakeJob' | 'addShutdownCallback'>>;

/** The recording of one room. */
export interface RoomRecording {
  /** The start's result: resolves with the status `active`, `not_started` (and `error`), or `off`. Never rejects. */
  readonly started: Promise<RecordingResult>;
  /**
   * Ends the recording, and returns its result, as far as known after `stopDeadlineMs`; a second call returns the same. The
   * end of the job calls it, too. Never rejects.
   */
  stop(): Promise<RecordingResult>;
}

/**
 * Records a room by LiveKit Egress, from now until `stop()` or the end of the job. Returns at once: the call waits for
 * nothing. Call it in the job's entry function, after `observe()`. What comes of it is counted in
 * `lk_agents_recordings_total`, reported in a record `lk.recording`, and part of the job's report.
 *
 * Never throws: what goes wrong is in the results, as a `RecordingError` whose message names the next step, and on the
 * console.
 *
 * @param where the job's context; outside a job the room's name: then only `stop()` ends it
 */
export function recordRoom(where: RecordedJob | string, options: RecordRoomOptions = {}): RoomRecording {
  const ctx = typeof where === 'string' ? undefined : where;
  const room = typeof where === 'string' ? where : (where?.job?.room?.name ?? '');
  const unrecorded = (result: RecordingResult): RoomRecording => {
    recordingReporter(ctx, { destination: 'unknown' }).reporter.ended(result);
    return { started: Promise.resolve(result), stop: () => Promise.resolve(result) };
  };
  try {
    const off = reasonNotToRecord(ctx);
    if (!off) return start(room, ctx, resolveRecording(options, ctx?.job.id, ctx?.info));
    console.warn(`talkgauge: the room is not recorded: ${off}`);
    return unrecorded({ status: 'off' });
  } catch (error) {
    return unrecorded({ status: 'not_started', error: optionError((error as Error).message) });
  }
}

function start(room: string, ctx: RecordedJob | undefined, settings: RecordingSettings): RoomRecording {
  const { media, destination } = settings;
  const { reporter, flush } = recordingReporter(ctx, { media, destination });
  const egress = new RoomEgress(settings, room);
  let over = () => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  const end = (result: RecordingResult) => {
    reporter.ended(result);
    over();
  };
  const stop = async () => {
    const result = await egress.stop();
    end(result);
    return result;
  };
  // Added before the recording starts, so that no recording is left without a stop.
  ctx?.addShutdownCallback?.(async () => {
    await stop();
    await flush();
  });
  reporter.requested(ended);
  const started = egress.start().then((result) => {
    if (result.status === 'not_started') end(result);
    else reporter.started(result);
    return result;
  });
  return { started, stop };
}

/** Reports to the same destinations as the job's sessions. */
function recordingReporter(
  ctx: RecordedJob | undefined,
  about: Pick<RecordingReporterOptions, 'media' | 'destination'>,
) {
  const { recordings } = processState();
  const { sink, flush } = sampleDestination(ctx);
  const reporter = new RecordingReporter({
    ...about,
    sink,
    log: (item) => processState().telemetry?.log(item),
    ...(ctx?.job?.id && { notes: recordings.of(ctx.job.id) }),
  });
  return { reporter, flush };
}

/** The sink for samples of a recording: none if the destination cannot be set up, for example without its price file. */
function sampleDestination(ctx: RecordedJob | undefined): Pick<Destination, 'sink' | 'flush'> {
  try {
    const identity = processState().identity ?? resolveIdentity(new Options(), ctx?.job?.agentName);
    return destination(identity, false);
  } catch (error) {
    console.warn(`talkgauge: the room's recording is not counted: ${(error as Error).message}`);
    return { sink: () => {}, flush: async () => {} };
  }
}

/** Why a job must not be recorded; undefined: it may be. */
function reasonNotToRecord(ctx: RecordedJob | undefined): string | undefined {
  if (ctx?.isFakeJob) return 'in console mode there is none';
  if (ctx?.job.enableRedaction) return 'LiveKit demands redaction for this job, and sound cannot be redacted';
  if (processState().audio !== false && audioSwitch(new Options()) !== false) return undefined;
  return 'the switch audio is off; add it to TALKGAUGE_RECORD, or to { record } of observe()';
}

interface RecordingReporterOptions {
  /** The recorded media; undefined: the options are invalid. */
  media?: RecordingMedia;
  /** The storage of the recording. */
  destination: RecordingDestination | 'unknown';
  sink: Sink;
  /** Receives log records, if there is a backend and they are not disabled. */
  log?(item: LogItem): void;
  /** Recordings of the job's report; none outside a job. */
  notes?: JobRecordings;
}

const recordingEvent = 'lk.recording' satisfies ConversationRecord;

/** A recording's status in a report, by its result. */
const saved: Readonly<Partial<Record<RecordingResult['status'], JobRecording['status']>>> = {
  complete: 'saved',
  limit_reached: 'saved',
  aborted: 'failed',
  failed: 'failed',
  not_started: 'failed',
  off: 'off',
};

/** Reports one recording in the metrics, the log records and the job's report, and failures on the console. */
class RecordingReporter {
  readonly #options: RecordingReporterOptions;
  readonly #id = randomUUID();
  #active = false;
  #ended = false;

  constructor(options: RecordingReporterOptions) {
    this.#options = options;
  }

  /** @param ended settles after `ended` has been called */
  requested(ended: Promise<unknown>): void {
    guarded(() => this.#options.notes?.note(this.#note({ status: 'active' }), ended));
  }

  started(result: RecordingResult): void {
    // Egress accepted it after the end of the job: it ends with its room.
    if (this.#ended) return;
    this.#active = true;
    const { sink, destination } = this.#options;
    guarded(() => {
      sink(observation('lk_agents_recordings_active', { destination }, 1));
      this.#report(result);
    });
  }

  ended(result: RecordingResult): void {
    if (this.#ended) return;
    this.#ended = true;
    guarded(() => {
      this.#count(result);
      const { status, error } = result;
      if (error) console.warn(`talkgauge: the room's recording (${status}): ${error.message}`);
      this.#report(result);
    });
  }

  #count({ status, error, durationSeconds }: RecordingResult): void {
    const { media, destination, sink } = this.#options;
    if (this.#active) sink(observation('lk_agents_recordings_active', { destination }, -1));
    // A recording that was not allowed has no outcome.
    if (status === 'off') return;
    sink(observation('lk_agents_recordings_total', { destination, outcome: status }, 1));
    if (error) sink(observation('lk_agents_recording_errors_total', { error: error.code }, 1));
    if (media && durationSeconds) {
      sink(observation('lk_agents_recorded_seconds_total', { media }, durationSeconds));
    }
  }

  #report(result: RecordingResult): void {
    const { media, destination, log, notes } = this.#options;
    const { status, egressId, location, durationSeconds, sizeBytes, error } = result;
    notes?.note(this.#note(result));
    const severity: Severity = saved[status] === 'failed' ? 'ERROR' : error ? 'WARN' : 'INFO';
    const attributes: RecordAttributes<'lk.recording'> = {
      'lk.recording.status': status,
      ...(media && { 'lk.recording.media': media }),
      'lk.recording.destination': destination,
      ...(egressId && { 'lk.egress_id': egressId }),
      ...(location && { 'lk.recording.location': location }),
      ...(durationSeconds && { 'lk.duration': durationSeconds }),
      ...(sizeBytes && { 'lk.recording.size': sizeBytes }),
      ...(error && { 'lk.error.type': error.code, 'lk.error.message': error.message }),
    };
    log?.({
      signal: 'conversation',
      event: recordingEvent,
      at: Date.now(),
      severity,
      body: error ? `recording ${status}: ${error.code}` : `recording ${status}`,
      attributes: { 'event.name': recordingEvent, ...attributes },
    });
  }

  #note(result: RecordingResult): JobRecording {
    const { media } = this.#options;
    const { status, egressId, location, startedAt, endedAt, durationSeconds, sizeBytes, error } = result;
    return {
      kind: 'egress',
      id: this.#id,
      status: saved[status] ?? 'active',
      ...(media && { audioOnly: media === 'audio' }),
      ...(egressId && { egressId }),
      ...(location && { location }),
      ...(startedAt && { startedAt }),
      ...(endedAt && { endedAt }),
      ...(durationSeconds && { duration: durationSeconds }),
      ...(sizeBytes && { bytes: sizeBytes }),
      ...(error && { error: { code: error.code, message: error.message } }),
    };
  }
}

/** Errors here must not reach the call. */
function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    console.warn(`talkgauge: a recording was not reported: ${error}`);
  }
}
