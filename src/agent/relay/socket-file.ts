import { chmodSync, lstatSync, mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The longest socket path that the kernel takes, in bytes. */
export const maxPathBytes = process.platform === 'darwin' ? 103 : 107;

/** Whether a path can be a socket's. Node does not say that it cannot: it cuts the path off, and uses what is left. */
export const isSocketPath = (path: string): boolean =>
  typeof path === 'string' && path !== '' && !path.includes('\0') && Buffer.byteLength(path) <= maxPathBytes;

/** A socket that a server listens on. */
export interface SocketFile {
  readonly path: string;
  /** Removes the socket, and its directory if it was made for it, unless the system refuses that. Never throws. */
  remove(): void;
}

/** Next step for the user, by error code. */
const nextSteps: Readonly<Record<string, string>> = {
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: "raise the system's limit of open files (sysctl fs.file-max)",
  ENOSPC: 'make room on its disk, or set TMPDIR to a directory on another one',
  EROFS: 'set TMPDIR to a writable directory',
};

/** Makes `server` listen on `path`, or on a socket in a fresh directory that only this user can enter. */
export function listenOn(server: Server, path?: string): Promise<SocketFile> {
  return path === undefined ? listenInFreshDirectory(server) : listenOnGiven(server, path);
}

async function listenInFreshDirectory(server: Server): Promise<SocketFile> {
  const directory = freshDirectory();
  const path = join(directory, 'relay.sock');
  const remove = () => ignoringErrors(() => rmSync(directory, { recursive: true, force: true }));
  try {
    await listen(server, path);
    return { path, remove };
  } catch (error) {
    remove();
    throw cannotListen(path, error, 'set TMPDIR to a directory in which sockets can be made');
  }
}

/** macOS and some containers have a long TMPDIR; /tmp is short everywhere. */
function freshDirectory(): string {
  let cause: unknown;
  for (const base of new Set([tmpdir(), '/tmp'])) {
    const prefix = join(base, 'talkgauge-');
    if (!isSocketPath(join(`${prefix}XXXXXX`, 'relay.sock'))) continue;
    try {
      return mkdtempSync(prefix); // 0700
    } catch (error) {
      cause = error;
    }
  }
  const code = codeOf(cause);
  const step = nextSteps[code ?? ''] ?? 'set TMPDIR to a short writable directory';
  throw new Error(
    `No directory for the relay's socket: ${tmpdir()} and /tmp are not writable${code ? ` (${code})` : ''}, or too ` +
      `long for a socket (${maxPathBytes} bytes); ${step}`,
    { cause },
  );
}

async function listenOnGiven(server: Server, path: string): Promise<SocketFile> {
  if (!isSocketPath(path)) {
    throw new Error(
      `No socket can have the path ${JSON.stringify(path)}: it has ${Buffer.byteLength(path)} bytes, and 1 to ` +
        `${maxPathBytes} without a NUL are possible; pass a shorter { path }, or none`,
    );
  }
  try {
    await listen(server, path);
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw cannotListen(path, error);
    await removeStale(path)
      .then(() => listen(server, path))
      .catch((again) => {
        throw cannotListen(path, again);
      });
  }
  try {
    chmodSync(path, 0o600); // in a directory that others may enter, the umask alone decides who may connect
    const { ino } = lstatSync(path);
    return { path, remove: () => ignoringErrors(() => inodeOf(path) === ino && unlinkSync(path)) };
  } catch (error) {
    throw cannotListen(path, error);
  }
}

/** At process exit, an error would change the exit code. */
function ignoringErrors(work: () => void): void {
  try {
    work();
  } catch {
    // A leftover is harmless: an empty directory, or a socket without a listener.
  }
}

/** Removes a socket that no process listens on. @throws for anything else */
async function removeStale(path: string): Promise<void> {
  const ino = inodeOf(path);
  if (ino === undefined) return;
  if (!lstatSync(path).isSocket()) {
    throw new Error(`${path} exists and is no socket; remove it, or pass another { path }`);
  }
  const code = await probe(path);
  if (code === 'ENOENT') return;
  if (code !== 'ECONNREFUSED') {
    throw new Error(
      `Another process listens on ${path}${code ? ` (${code})` : ''}; end it, or pass another { path }`,
    );
  }
  // Only what was probed: another worker may have taken the path over in the meantime.
  if (inodeOf(path) === ino) unlinkSync(path);
}

/** The error code of an attempt to connect; undefined: the connection succeeded. */
function probe(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error) => resolve(codeOf(error)));
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // exclusive: a cluster's workers must not share the socket.
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const inodeOf = (path: string): number | undefined => lstatSync(path, { throwIfNoEntry: false })?.ino;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

function cannotListen(
  path: string,
  error: unknown,
  step = 'make its directory exist and writable, or pass another { path }',
): Error {
  const code = codeOf(error);
  if (code === undefined) return error as Error;
  return new Error(`Cannot listen on ${path} (${code}); ${nextSteps[code] ?? step}`, { cause: error });
}
