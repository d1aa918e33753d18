import type { EgressClient, EgressInfo } from 'livekit-server-sdk';
import type { recordingOutcomes } from '../../catalogue/recordings.ts';
import { egressError, type RecordingError, requestError, timeoutError } from './recording-error.ts';
import type { RecordingSettings } from './settings.ts';

/** What is known of a recording. */
export interface RecordingResult {
  /**
   * In the words of LiveKit's `EgressStatus`: `active`, `ending`, `complete`, `limit_reached`, `aborted`, `failed`;
   * `not_started`: egress did not take it (in time), `error` says why; `off`: not allowed, so not asked for.
   */
  status: Exclude<(typeof recordingOutcomes)[number], 'lost'> | 'off';
  egressId?: string;
  /** Where the file is, or will be. */
  location?: string;
  /** When its file begins and ends, in milliseconds since the epoch. */
  startedAt?: number;
  endedAt?: number;
  durationSeconds?: number;
  sizeBytes?: number;
  error?: RecordingError;
}

/** By LiveKit's `EgressStatus`, a number on the wire; one that is starting is as good as active. */
const statuses = ['active', 'active', 'ending', 'complete', 'failed', 'aborted', 'limit_reached'] as const;

/** How long after its deadline an answer to a start is still heard, in milliseconds; LiveKit gives up after some 22 s. */
const lateStart = 30_000;

/** How often egress is asked whether the file is written, in milliseconds. */
const pollInterval = 500;

/** One recording of one room by LiveKit Egress. Nothing here throws: what goes wrong is in the result. */
export class RoomEgress {
  readonly #settings: RecordingSettings;
  readonly #room: string;
  #client: EgressClient | undefined;
  #started: Promise<RecordingResult> | undefined;
  #stopped: Promise<RecordingResult> | undefined;
  /** Whether it was told to have not started: then it must not run, either. */
  #givenUp = false;

  constructor(settings: RecordingSettings, room: string) {
    this.#settings = settings;
    this.#room = room;
  }

  /** Asks for the recording. Resolves when egress has taken it, or when it is clear that it does not. */
  start(): Promise<RecordingResult> {
    this.#started ??= this.#start().catch((error) => this.#refused(error));
    return this.#started;
  }

  /** Ends the recording, and gives what came of it as far as that is known at the deadline. */
  stop(): Promise<RecordingResult> {
    this.#stopped ??= this.#stop().catch((error) => this.#refused(error));
    return this.#stopped;
  }

  async #start(): Promise<RecordingResult> {
    const { media, layout, filepath, storage, url, apiKey, apiSecret, startDeadlineMs } = this.#settings;
    // Not before a room is to be recorded, and then that which the agents' SDK has loaded.
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
      if (this.#givenUp) return this.#stopLate(client, egressId);
    };
    // What it says when it refuses is told below.
    request.then(late, () => {});
    try {
      const info = await this.#within(startDeadlineMs, request);
      if (!this.#givenUp) return told(info, this.#settings);
    } catch (error) {
      this.#givenUp = true;
      throw error;
    }
    throw timeoutError(url);
  }

  /** Ends a recording that egress took when nobody wanted it any more. */
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
      this.#givenUp = true;
      throw error;
    });
    const { egressId } = started;
    if (started.status === 'not_started' || !egressId || !this.#client) return started;
    const client = this.#client;
    let last = started;
    const ask = async (patience: number) => {
      const [info] = await this.#within(patience, client.listEgress({ egressId }));
      // One that is not on the list has not become active again.
      return info ? told(info, this.#settings) : last;
    };
    // LiveKit takes 3 s to find that one has ended by itself, as it does with its room, if it is asked to stop it.
    last = await ask(left() / 4).catch(() => started);
    let error: RecordingError | undefined;
    if (last.status === 'active') {
      try {
        last = told(await this.#within(left(), client.stopEgress(egressId)), this.#settings);
      } catch (thrown) {
        error = requestError(thrown, this.#settings.url);
      }
    }
    while (!isOver(last) && left() > 0) {
      try {
        last = await ask(left());
      } catch {
        // What is known is told; the file is written whether or not somebody looks.
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
  async #within<T>(ms: number, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(timeoutError(this.#settings.url)), ms);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const isOver = ({ status }: RecordingResult): boolean => status !== 'active' && status !== 'ending';

/** What LiveKit says of a recording; it counts in nanoseconds. */
function told(info: EgressInfo, { filepath }: RecordingSettings): RecordingResult {
  const status = statuses[info.status] ?? 'active';
  const [file] = info.fileResults;
  const milliseconds = (nanoseconds: bigint | undefined) => Math.round(Number(nanoseconds ?? 0) / 1e6);
  const [startedAt, endedAt] = [milliseconds(file?.startedAt), milliseconds(file?.endedAt)];
  const seconds = Number(file?.duration ?? 0) / 1e9;
  const size = Number(file?.size ?? 0);
  // With a limit there is a text, too, which only says so.
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
