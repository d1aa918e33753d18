import { BucketError } from '../../objects/bucket.ts';
import type { UploadKind } from '../receive/endpoints.ts';
import type { Entry } from '../spool/spool.ts';

/** Milliseconds before an upload is tried again; it doubles, up to `maxDelay`. */
const firstDelay = 250;
const maxDelay = 30_000;
/** Milliseconds after which an upload is given up that cannot be stored for a reason that may pass, such as a full disk. */
const longestWait = 86_400_000;
/** How often an upload is tried that can be read, and cannot be stored for another reason. */
const maxAttempts = 5;
/** Milliseconds for which others wait for one that cannot be stored. */
const longestHold = 600_000;

export type Result = 'ok' | 'malformed' | 'failed';

interface Waiting {
  /** Unix milliseconds. */
  since: number;
  until: number;
  attempts: number;
  /** Names of the sessions that it is of, as far as it could be read. */
  sessions: readonly string[];
  ofDisk?: boolean;
  /** It is processed, but its file could not be removed. */
  done?: { kind: UploadKind; result: Result };
}

/** Whether an error may be gone later: of the file system, of the network, of a bucket. */
export function isPassing(error: unknown): boolean {
  return error instanceof BucketError || /^E[A-Z0-9]+$/.test((error as NodeJS.ErrnoException)?.code ?? '');
}

/** By which the system says that it has too little of something for anybody, or a disk that fails. */
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

/** Uploads that could not be processed, and those that wait for them: uploads of a session are processed in order. */
export class Deferred {
  readonly #waiting = new Map<string, Waiting>();
  /** By session: the upload that failed, and that the later ones wait for. */
  readonly #blocking = new Map<string, string>();

  hasFailed({ id }: Entry): boolean {
    return (this.#waiting.get(id)?.attempts ?? 0) > 0;
  }

  /** Whether an upload failed last because of the disk, so that others would, too. */
  isOfDisk({ id }: Entry): boolean {
    return this.#waiting.get(id)?.ofDisk ?? false;
  }

  /** Unix milliseconds at which an upload is due; undefined: it waits for one of the same session. */
  dueAt({ id }: Entry): number | undefined {
    const own = this.#waiting.get(id);
    if (own && this.isHeld(id, own.sessions)) return undefined;
    return own?.until ?? 0;
  }

  /** Whether an upload of any of these sessions came before, and failed. */
  isHeld(id: string, sessions: readonly string[]): boolean {
    return sessions.some((session) => (this.#blocking.get(session) ?? id) < id);
  }

  /** Has an upload wait for those of its sessions that came before. */
  hold({ id }: Entry, sessions: readonly string[], now: number): void {
    this.#waiting.set(id, { since: now, attempts: 0, ...this.#waiting.get(id), until: now, sessions });
  }

  /**
   * Has an upload that failed wait.
   *
   * @param sessions that it is of
   * @returns whether it is given up instead
   */
  failed({ id }: Entry, error: unknown, sessions: readonly string[], now: number): boolean {
    const { since = now, attempts = 0 } = this.#waiting.get(id) ?? {};
    if (isPassing(error) ? now - since >= longestWait : attempts + 1 >= maxAttempts) return true;
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

  /** Whether an upload is one that the others no longer wait for. */
  isGivenUpOn({ id }: Entry, now: number): boolean {
    const own = this.#waiting.get(id);
    return own !== undefined && (own.done !== undefined || now - own.since > longestHold);
  }
}
