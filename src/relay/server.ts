import { createServer, type Socket } from 'node:net';
import type { Recorder } from '../record/recorder.ts';
import { Connection } from './connection.ts';
import { encodeError, maxLineBytes as longestLine, protocolVersion } from './protocol.ts';
import { RelaySelf } from './self.ts';
import { listenOn } from './socket-file.ts';

export interface RelayServerOptions {
  /** Where the observations of all jobs go. */
  recorder: Recorder;
  /** The Unix socket to listen on. @default a socket in a fresh directory (0700) under os.tmpdir() */
  path?: string;
  /** How many jobs may be connected at once; further ones are turned away and try again. @default 1024 */
  maxConnections?: number;
  /** The longest line, in bytes; a connection that sends a longer one is closed. @default 65536 */
  maxLineBytes?: number;
  /** How many label sets a connection may define; samples of further ones are dropped. @default 4096 */
  maxSeriesPerConnection?: number;
  /** How long a connection may stay without saying hello, in milliseconds. @default 5000 */
  helloTimeoutMs?: number;
}

export interface RelayServer {
  /** The socket that jobs connect to. */
  readonly path: string;
  /** How many jobs are connected and have said hello. */
  readonly connections: number;
  /** Reads what has already been sent, closes all connections, and removes the socket. Never throws. */
  close(): Promise<void>;
}

/** How long close() goes on reading from jobs that go on writing, in milliseconds. */
const drainDeadlineMs = 500;

/**
 * Listens for jobs and adds what they observed to the recorder. The socket does not keep the process alive.
 *
 * @throws when there is no place for a socket, when another process listens on `path`, and on Windows;
 * the message says what to do.
 */
export async function listenRelay(options: RelayServerOptions): Promise<RelayServer> {
  if (process.platform === 'win32') {
    throw new Error('The relay needs Unix sockets and does not run on Windows; use Linux, macOS or WSL');
  }
  const {
    recorder,
    path,
    maxConnections = 1024,
    maxLineBytes = longestLine,
    maxSeriesPerConnection: maxSeries = 4096,
    helloTimeoutMs = 5000,
  } = options;
  const self = new RelaySelf(recorder);
  const sockets = new Set<Socket>();
  let connections = 0;
  let activity = 0;
  let closing: Promise<void> | undefined;
  let ended = false;

  function accept(socket: Socket): void {
    activity++;
    sockets.add(socket);
    socket.unref();
    let greeted: (() => void) | undefined;
    let refused = false;
    const refuse = (why: string) => {
      refused = true;
      socket.end(encodeError(why));
      socket.destroySoon();
    };
    const impatience = setTimeout(() => {
      // A worker that was stopped or busy finds this timer due before it has read the hello that lies there.
      setImmediate(() => {
        if (!greeted && !refused) refuse('no hello came');
      });
    }, helloTimeoutMs).unref();
    const connection = new Connection({
      recorder,
      frame: self.frame,
      maxLineBytes,
      maxSeries,
      greeted() {
        clearTimeout(impatience);
        greeted = self.connection();
        connections++;
      },
    });
    socket.on('data', (chunk) => {
      activity++;
      if (refused) return;
      const verdict = connection.receive(chunk);
      if (verdict === 'incompatible') refuse(`this worker speaks version ${protocolVersion}`);
      if (verdict === 'oversized') refuse(`a line may have ${maxLineBytes} bytes`);
    });
    socket.on('error', () => {}); // 'close' follows, and is all that matters
    socket.on('close', () => {
      clearTimeout(impatience);
      sockets.delete(socket);
      connection.close(!refused && !ended);
      if (!greeted) return;
      connections--;
      greeted();
    });
  }

  /** Reads on until a turn of the event loop brings nothing: what dead jobs wrote is still in the kernel. */
  async function drain(): Promise<void> {
    const deadline = Date.now() + drainDeadlineMs;
    let before: number;
    do {
      before = activity;
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    } while (activity !== before && Date.now() < deadline);
  }

  const server = createServer(accept);
  server.maxConnections = maxConnections;
  const file = await listenOn(server, path).catch((error) => {
    server.close(); // it may listen already
    throw error;
  });
  server.unref();
  server.on('error', () => {}); // out of file descriptors: the job tries again
  process.once('exit', file.remove);

  async function close(): Promise<void> {
    await drain();
    ended = true;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
    process.off('exit', file.remove);
    file.remove();
  }

  return {
    path: file.path,
    get connections() {
      return connections;
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
