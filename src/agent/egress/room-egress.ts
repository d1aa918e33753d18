import type { EgressClient, EgressInfo } from 'livekit-server-sdk';
import type { recordingOutcomes } from '../../catalogue/recordings.ts';
import { withDeadline } from '../../deadline.ts';
import { egressError, type RecordingError, requestError, timeoutError } from './recording-error.ts';
import type { RecordingSettings } from './settings.ts';

/** State or result of a recording. */
export interface RecordingResult {
  /**
   * LiveKit's `EgressStatus`: `active`, `ending`, `complete`, `limit_reached`, `aborted`, `failed`; `not_started`: egress
   * did not accept it (in time), with the reason in `error`; `off`: not allowed, so not requested.
   */
  status: Exclude<(typeof recordingOutcomes)[number], 'lost'> | 'off';
  egressId?: string;
  /** The location of the file. */
  location?: string;
  /** Start and end of the file, in milliseconds since the epoch. */
  startedAt?: number;
  endedAt?: number;
  durationSeconds?: number;
  sizeBytes?: number;
  error?: RecordingError;
}

/** By LiveKit's `EgressStatus`, a number on the wire; a starting recording counts as active. */
const statuses = ['active', 'active', 'ending', 'complete', 'failed', 'aborted', 'limit_reached'] as const;

/**
 * Milliseconds after its deadline for which the response to a start is still processed; LiveKit times out after some 22 s.
 */
const lateStart = 30_000;

/** Poll interval for the end of a recording, in milliseconds. */
const pollInterval = 500;

/** One recording of one room by LiveKit Egress. It never throws: errors are in the result. */
export class RoomEgress {
  readonly #settings: RecordingSettings;
  readonly #room: string;
  #client: EgressClient | undefined;
  #started: Promise<RecordingResult> | undefined;
  #stopped: Promise<RecordingResult> | undefined;
  /** Whether `not_started` was returned: then the recording must not run either. */
  #abandoned = false;

  constructor(settings: RecordingSettings, room: string) {
    this.#settings = settings;
    this.#room = room;
  }

  /** Requests the recording. Resolves when egress has accepted it, or has failed to. */
  start(): Promise<RecordingResult> {
    this.#started ??= this.#start().catch((error) => this.#refused(error));
    return this.#started;
  }

  /** Ends the recording, and returns its result as far as known at the deadline. */
  stop(): Promise<RecordingResult> {
    this.#stopped ??= this.#stop().catch((error) => this.#refused(error));
    return this.#stopped;
  }

  async #start(): Promise<RecordingResult> {
    const { media, layout, filepath, storage, url, apiKey, apiSecret, startDeadlineMs } = this.#settings;
    // Loaded only when a room is recorded; the agents' SDK may have loaded it already.
    const { EgressClient, EncodedFileOutput } = await import('livekit-server-sdk');
    // The SDK counts in seconds, and tries other regions of LiveKit Cloud besides; the deadline is kept here.
    const requestTimeout = (startDeadlineMs + lateStart) / 1000;
    const client = new EgressClient(url, apiKey, apiSecret, { requestTimeout });
    this.#client = client;
    const request = client.startRoomCompositeEgress(
      this.#room,
      { file: new EncodedFileOutput({ filepath, output: storage }) },
      { layout, audioOnly: media === 'audio' },
    );
    const late = ({ egressId }: EgressInfo) => {
      if (this.#abandoned) return this.#stopLate(client, egressId);
    };
    // A rejection is handled below.
    request.then(late, () => {});
    try {
      const info = await this.#within(startDeadlineMs, request);
      if (!this.#abandoned) return toResult(info, this.#settings);
    } catch (error) {
      this.#abandoned = true;
      throw error;
    }
    throw timeoutError(url);
  }

  /** Stops a recording that egress accepted after `not_started` was returned. */
  async #stopLate(client: EgressClient, egressId: string): Promise<void> {
    let what = 'it was stopped';
    try {
      await client.stopEgress(egressId);
    } catch (error) {
      what = `it could not be stopped, and ends with its room: ${requestError(error, this.#settings.url).message}`;
    }
    console.warn(`talkgauge: egress took the recording ${egressId} after it was given up; ${what}`);
  }

  async #stop(): Promise<RecordingResult> {
    const end = performance.now() + this.#settings.stopDeadlineMs;
    const left = () => Math.max(0, end - performance.now());
    const started = await this.#within(left(), this.start()).catch((error) => {
      this.#abandoned = true;
      throw error;
    });
    const { egressId } = started;
    if (started.status === 'not_started' || !egressId || !this.#client) return started;
    const client = this.#client;
    let last = started;
    const poll = async (timeoutMs: number) => {
      const [info] = await this.#within(timeoutMs, client.listEgress({ egressId }));
      // A recording that is not listed has ended.
      return info ? toResult(info, this.#settings) : last;
    };
    // A stop request for a recording that has already ended, for example with its room, takes LiveKit 3 s.
    last = await poll(left() / 4).catch(() => started);
    let error: RecordingError | undefined;
    if (last.status === 'active') {
      try {
        last = toResult(await this.#within(left(), client.stopEgress(egressId)), this.#settings);
      } catch (thrown) {
        error = requestError(thrown, this.#settings.url);
      }
    }
    while (!isOver(last) && left() > 0) {
      try {
        last = await poll(left());
      } catch {
        // The last known state is returned; egress writes the file in any case.
        break;
      }
      if (!isOver(last)) await new Promise((resolve) => setTimeout(resolve, Math.min(pollInterval, left())));
    }
    return isOver(last) || !error ? last : { ...last, error };
  }

  #refused(thrown: unknown): RecordingResult {
    return { status: 'not_started', error: requestError(thrown, this.#settings.url) };
  }

  /** @throws {RecordingError} `timeout` if the work takes longer than `ms` milliseconds. */
  #within<T>(ms: number, work: Promise<T>): Promise<T> {
    return withDeadline(ms, work, () => {
      throw timeoutError(this.#settings.url);
    });
  }
}

const isOver = ({ status }: RecordingResult): boolean => status !== 'active' && status !== 'ending';

/** Converts LiveKit's state of a recording, whose times are nanoseconds. */
function toResult(info: EgressInfo, { filepath }: RecordingSettings): RecordingResult {
  const status = statuses[info.status] ?? 'active';
  const [file] = info.fileResults;
  const milliseconds = (nanoseconds: bigint | undefined) => Math.round(Number(nanoseconds ?? 0) / 1e6);
  const [startedAt, endedAt] = [milliseconds(file?.startedAt), milliseconds(file?.endedAt)];
  const seconds = Number(file?.duration ?? 0) / 1e9;
  const size = Number(file?.size ?? 0);
  // `limit_reached` has an error text, too, which is redundant.
  const failed = status === 'failed' || status === 'aborted';
  return {
    status,
    egressId: info.egressId,
    location: file?.location || file?.filename || filepath,
    ...(startedAt > 0 && { startedAt }),
    ...(endedAt > 0 && { endedAt }),
    ...(seconds > 0 && { durationSeconds: seconds }),
    ...(size > 0 && { sizeBytes: size }),
    ...(failed && { error: egressError(info.error, info.errorCode) }),
  };
}
