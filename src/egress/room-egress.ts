import type { EgressClient, EgressInfo } from 'livekit-server-sdk';
import type { recordingOutcomes } from '../catalogue/recordings.ts';
import { egressError, type RecordingError, requestError, timeoutError } from './recording-error.ts';
import type { RecordingSettings } from './settings.ts';

/** What is known of a recording. */
export interface RecordingResult {
  /**
   * In the words of LiveKit's `EgressStatus`: `active`, `ending`, `complete`, `limit_reached`, `aborted`, `failed`;
   * `not_started`: egress did not take it, `error` says why; `off`: not allowed, so not asked for.
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

/** How often egress is asked whether the file is written, in milliseconds. */
const pollInterval = 500;

/** One recording of one room by LiveKit Egress. Nothing here throws: what goes wrong is in the result. */
export class RoomEgress {
  readonly #settings: RecordingSettings;
  readonly #room: string;
  #client: EgressClient | undefined;
  #started: Promise<RecordingResult> | undefined;
  #stopped: Promise<RecordingResult> | undefined;

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
    this.#client = new EgressClient(url, apiKey, apiSecret, { requestTimeout: startDeadlineMs / 1000 });
    const request = this.#client.startRoomCompositeEgress(
      this.#room,
      { file: new EncodedFileOutput({ filepath, output: storage }) },
      { layout, audioOnly: media === 'audio' },
    );
    return told(await this.#within(startDeadlineMs, request), this.#settings);
  }

  async #stop(): Promise<RecordingResult> {
    const end = performance.now() + this.#settings.stopDeadlineMs;
    const left = () => Math.max(0, end - performance.now());
    const started = await this.#within(left(), this.start());
    const { egressId } = started;
    if (started.status === 'not_started' || !egressId || !this.#client) return started;
    const client = this.#client;
    const ask = async (patience: number) => {
      const [info] = await this.#within(patience, client.listEgress({ egressId }));
      return info ? told(info, this.#settings) : started;
    };
    // LiveKit takes 3 s to find that one has ended by itself, as it does with its room, if it is asked to stop it.
    let last = await ask(left() / 4).catch(() => started);
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
  const failed = info.error !== '' || status === 'failed' || status === 'aborted';
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
