import { BucketError } from '../../objects/bucket.ts';
import type { UploadKind } from '../receive/endpoints.ts';
import type { Entry } from '../spool/spool.ts';

/** Milliseconds before the first retry of an upload; doubled for each further one, up to `maxDelay`. */
const firstDelay = 250;
const maxDelay = 30_000;
/** Milliseconds of retries for an upload that fails for a temporary reason, such as a full disk. */
const maxRetryMs = 86_400_000;
/** Maximum number of attempts for a readable upload that cannot be stored for another reason. */
const maxAttempts = 5;
/** Milliseconds for which later uploads wait for one that cannot be stored. */
const maxHoldMs = 600_000;

export type Result = 'ok' | 'malformed' | 'failed';

interface Waiting {
  /** Unix milliseconds. */
  since: number;
  until: number;
  attempts: number;
  /** The ids of its sessions, as far as it could be read. */
  sessions: readonly string[];
  ofDisk?: boolean;
  /** The result of an upload that was processed, but whose file could not be removed. */
  done?: { kind: UploadKind; result: Result };
}

/** Whether an error may be temporary: one of the file system, the network, or a bucket. */
export function isPassing(error: unknown): boolean {
  return error instanceof BucketError || /^E[A-Z0-9]+$/.test((error as NodeJS.ErrnoException)?.code ?? '');
}

/** Error codes of a system that is out of resources, or of a failing disk. */
const disk: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EACCES',
]);

const isOfDisk = (error: unknown): boolean => disk.has((error as NodeJS.ErrnoException)?.code ?? '');

/** The uploads that failed, and those that wait for them: uploads of a session are processed in order. */
export class Deferred {
  readonly #waiting = new Map<string, Waiting>();
  /** By session: the failed upload that the later ones wait for. */
  readonly #blocking = new Map<string, string>();

  hasFailed({ id }: Entry): boolean {
    return (this.#waiting.get(id)?.attempts ?? 0) > 0;
  }

  /** Whether the last failure of an upload was caused by the disk, so that others would fail, too. */
  isOfDisk({ id }: Entry): boolean {
    return this.#waiting.get(id)?.ofDisk ?? false;
  }

  /** The time in unix milliseconds at which an upload is due; undefined: it waits for one of the same session. */
  dueAt({ id }: Entry): number | undefined {
    const own = this.#waiting.get(id);
    if (own && this.isHeld(id, own.sessions)) return undefined;
    return own?.until ?? 0;
  }

  /** Whether an earlier upload of any of these sessions failed. */
  isHeld(id: string, sessions: readonly string[]): boolean {
    return sessions.some((session) => (this.#blocking.get(session) ?? id) < id);
  }

  /** Makes an upload wait for earlier ones of its sessions. */
  hold({ id }: Entry, sessions: readonly string[], now: number): void {
    this.#waiting.set(id, { since: now, attempts: 0, ...this.#waiting.get(id), until: now, sessions });
  }

  /**
   * Schedules a retry of a failed upload.
   *
   * @param sessions of the upload
   * @returns whether it is given up instead
   */
  failed({ id }: Entry, error: unknown, sessions: readonly string[], now: number): boolean {
    const { since = now, attempts = 0 } = this.#waiting.get(id) ?? {};
    if (isPassing(error) ? now - since >= maxRetryMs : attempts + 1 >= maxAttempts) return true;
    const until = now + Math.min(maxDelay, firstDelay * 2 ** Math.min(attempts, 20));
    this.#waiting.set(id, { since, until, attempts: attempts + 1, sessions, ofDisk: isOfDisk(error) });
    for (const session of sessions) this.#blocking.set(session, id);
    return false;
  }

  /** Schedules another attempt to remove a processed upload. */
  finished({ id }: Entry, done: Waiting['done'], now: number): void {
    const { attempts = 0 } = this.#waiting.get(id) ?? {};
    this.#unblock(id);
    const until = now + Math.min(maxDelay, firstDelay * 2 ** Math.min(attempts, 20));
    this.#waiting.set(id, { since: now, until, attempts: attempts + 1, sessions: [], done });
  }

  /** The result of a processed upload whose file remains. */
  done({ id }: Entry): Waiting['done'] {
    return this.#waiting.get(id)?.done;
  }

  forget({ id }: Entry): void {
    this.#unblock(id);
    this.#waiting.delete(id);
  }

  #unblock(id: string): void {
    for (const session of this.#waiting.get(id)?.sessions ?? []) {
      if (this.#blocking.get(session) === id) this.#blocking.delete(session);
    }
  }

  /** Whether later uploads no longer wait for this one. */
  isGivenUpOn({ id }: Entry, now: number): boolean {
    const own = this.#waiting.get(id);
    return own !== undefined && (own.done !== undefined || now - own.since > maxHoldMs);
  }
}
