import { randomUUID } from 'node:crypto';
import type { ConversationRecord, RecordAttributes } from '../../catalogue/conversation.ts';
import { observation, type Sink } from '../../catalogue/observation.ts';
import type { RecordingResult } from '../egress/room-egress.ts';
import type { RecordingDestination, RecordingMedia } from '../egress/settings.ts';
import type { LogItem, Severity } from '../telemetry/log-pipeline.ts';
import type { JobRecording, JobRecordings } from './job-recordings.ts';

export interface AccountOptions {
  /** What is recorded; undefined: the options do not say. */
  media?: RecordingMedia;
  /** Where it goes. */
  destination: RecordingDestination | 'unknown';
  sink: Sink;
  /** Takes records, where there is a backend for them and they are not switched off. */
  log?(item: LogItem): void;
  /** What the job's report will tell; none outside a job. */
  notes?: JobRecordings;
}

const recordingEvent = 'lk.recording' satisfies ConversationRecord;

/** How a report calls what came of a recording. */
const saved: Readonly<Partial<Record<RecordingResult['status'], JobRecording['status']>>> = {
  complete: 'saved',
  limit_reached: 'saved',
  aborted: 'failed',
  failed: 'failed',
  not_started: 'failed',
  off: 'off',
};

/** Tells of one recording wherever it is told of: in the metrics, the records, the report, and if it fails on the console. */
export class RecordingAccount {
  readonly #options: AccountOptions;
  readonly #id = randomUUID();
  #begun = false;
  #over = false;

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  /** @param ended settles after `ended` has been called */
  asked(ended: Promise<unknown>): void {
    guarded(() => this.#options.notes?.note(this.#note({ status: 'active' }), ended));
  }

  began(result: RecordingResult): void {
    // One that egress took when the job was over already is nobody's any more: it ends with its room.
    if (this.#over) return;
    this.#begun = true;
    const { sink, destination } = this.#options;
    guarded(() => {
      sink(observation('lk_agents_recordings_active', { destination }, 1));
      this.#tell(result);
    });
  }

  ended(result: RecordingResult): void {
    if (this.#over) return;
    this.#over = true;
    guarded(() => {
      this.#count(result);
      const { status, error } = result;
      if (error) console.warn(`talkgauge: the room's recording (${status}): ${error.message}`);
      this.#tell(result);
    });
  }

  #count({ status, error, durationSeconds }: RecordingResult): void {
    const { media, destination, sink } = this.#options;
    if (this.#begun) sink(observation('lk_agents_recordings_active', { destination }, -1));
    // One that was not allowed has no outcome.
    if (status === 'off') return;
    sink(observation('lk_agents_recordings_total', { destination, outcome: status }, 1));
    if (error) sink(observation('lk_agents_recording_errors_total', { error: error.code }, 1));
    if (media && durationSeconds) {
      sink(observation('lk_agents_recorded_seconds_total', { media }, durationSeconds));
    }
  }

  #tell(result: RecordingResult): void {
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

/** What goes wrong here is no business of the call's. */
function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    console.warn(`talkgauge: a recording was not told of: ${error}`);
  }
}
