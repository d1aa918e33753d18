import { settlesWithin } from '../../deadline.ts';
import type { SessionReport } from '../reports/schema.ts';
import type { TextPolicy } from './event-log.ts';

/** One recording of a job and its result, as in the session report. Times are milliseconds since the epoch. */
export interface JobRecording {
  /** The recorder. `sdk`: the SDK in the job itself; `egress`: LiveKit Egress. */
  kind: 'sdk' | 'egress';
  /** Identifies the recording within its job: a later note with the same id replaces the earlier one. */
  id: string;
  egressId?: string;
  /** `active` until it has ended; `saved`, `failed`, or `off` if it was requested and not allowed. */
  status: 'active' | 'saved' | 'failed' | 'off';
  audioOnly?: boolean;
  /** A path, or a URL. */
  location?: string;
  startedAt?: number;
  endedAt?: number;
  /** In seconds. */
  duration?: number;
  bytes?: number;
  /** Why it is missing or incomplete: a code, and a message. */
  error?: { code: string; message: string };
}

/** The recordings of a job so far. */
export class JobRecordings {
  readonly #recordings = new Map<string, JobRecording>();
  readonly #open = new Set<Promise<unknown>>();

  /** @param ended settles after the recording's last note; the report waits for it until its deadline */
  note(recording: JobRecording, ended?: Promise<unknown>): void {
    this.#recordings.set(recording.id, recording);
    if (!ended) return;
    this.#open.add(ended);
    const settled = () => void this.#open.delete(ended);
    ended.then(settled, settled);
  }

  /** In order of start. */
  get all(): JobRecording[] {
    return [...this.#recordings.values()];
  }

  /** Waits until all have ended, for at most `ms` milliseconds. */
  async settled(ms: number): Promise<void> {
    if (this.#open.size > 0) await settlesWithin(ms, Promise.allSettled([...this.#open]));
  }
}

/** Maximum number of jobs whose recordings are kept in one process: a job process has one, a console a few. */
const maxJobs = 64;

/** The recordings of the jobs of one process. */
export class RecordingsByJob {
  readonly #jobs = new Map<string, JobRecordings>();

  /** @param job its id */
  of(job: string): JobRecordings {
    const known = this.#jobs.get(job);
    if (known) return known;
    const [oldest] = this.#jobs.keys();
    if (oldest !== undefined && this.#jobs.size >= maxJobs) this.#jobs.delete(oldest);
    const begun = new JobRecordings();
    this.#jobs.set(job, begun);
    return begun;
  }
}

/**
 * A recording in the format of a report. Egress's error messages may quote anything, and a location may contain the room's
 * name: both are content.
 *
 * @param room its name, if known
 */
export function reportedRecording(
  { location, error, ...recording }: JobRecording,
  { content, edit }: { content: SessionReport['content']; edit: TextPolicy['keep'] },
  room: string | undefined,
): SessionReport['recordings'][number] {
  // Messages of the SDK's recording are Talkgauge's own, without content.
  const all = recording.kind === 'sdk' || (content.transcript && content.allowPii);
  const named =
    location !== undefined && room !== undefined && comparable(location).includes(comparable(room));
  const place = location === undefined || (named && !all) ? undefined : edit(location, 'location');
  const message = error && all ? edit(error.message, 'message') : undefined;
  return {
    ...recording,
    ...(place !== undefined && { location: place }),
    ...(error && { error: { code: error.code, ...(message !== undefined && { message }) } }),
  };
}

/** Normalized for the different escaping of URLs and storages. */
function comparable(text: string): string {
  let decoded = text;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    // It contains a literal %.
  }
  return decoded.replace(/[^\p{L}\p{N}]+/gu, '-');
}
