import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import lockfile from 'proper-lockfile';
import { OptionError } from '../options.ts';

export interface LockOptions {
  /** Milliseconds after which a lock that is not renewed is stale. @default 10000 */
  stale?: number;
  log: (message: string) => void;
}

/** The process that holds a lock. A process id alone is ambiguous: in a container, every gateway has the process id 1. */
interface Holder {
  host: string;
  pid: number;
  /** The start of the process, in milliseconds since the epoch. */
  since: number;
}

const currentHolder = (): Holder => ({
  host: hostname(),
  pid: process.pid,
  since: Math.round(Date.now() - process.uptime() * 1000),
});

/** Maximum difference of two computed start times of one process, in milliseconds. */
const clockTolerance = 2000;

/** Whether the holder is known to be dead: it ran on this machine, and no longer does. */
function died({ host, pid, since }: Partial<Holder>): boolean {
  const current = currentHolder();
  if (host !== current.host || pid === undefined || since === undefined) return false;
  if (pid === current.pid) return Math.abs(since - current.since) > clockTolerance;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function holderIn(path: string): Promise<Partial<Holder>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
  } catch {
    return {};
  }
}

/**
 * Locks a data directory for one gateway. A stale lock of a crashed gateway is replaced: at once if its process ran on this
 * machine, otherwise after its expiry.
 *
 * @returns a function that releases the lock
 * @throws OptionError if another gateway holds the lock
 */
export async function lockDirectory(
  directory: string,
  { stale = 10_000, log }: LockOptions,
): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lockfilePath = join(directory, 'gateway.lock');
  const holderPath = join(directory, 'gateway.pid');
  const holder = await holderIn(holderPath);
  if (died(holder)) await rm(lockfilePath, { recursive: true, force: true });

  const take = (retries: number) =>
    lockfile.lock(directory, {
      lockfilePath,
      stale,
      update: stale / 5,
      retries: { retries, factor: 1, minTimeout: 1000, maxTimeout: 1000 },
      onCompromised: ({ message }) =>
        log(`The lock of ${directory} is no longer this gateway's (${message}); let only one gateway use it`),
    });
  const isTaken = (error: NodeJS.ErrnoException) => error.code === 'ELOCKED';
  const seconds = Math.ceil(stale / 1000) + 2;
  const release = await take(0).catch((error) => {
    if (!isTaken(error)) throw error;
    log(`Another gateway has ${directory}; waits ${seconds} s, in case it has died`);
    return take(seconds).catch((again) => {
      if (!isTaken(again)) throw again;
      const who = holder.pid === undefined ? '' : ` (process ${holder.pid} on ${holder.host})`;
      throw new OptionError(
        `Another gateway${who} uses ${resolve(directory)}; end it, or give this one a directory of its own with --data.`,
      );
    });
  });
  await writeFile(holderPath, JSON.stringify(currentHolder()), { mode: 0o600 });
  let released: Promise<void> | undefined;
  return () => {
    // A lock that this gateway lost is not released.
    released ??= release().catch(() => {});
    return released;
  };
}
