import { createServer, type Socket } from 'node:net';
import type { Identity } from '../../catalogue/types.ts';
import type { Recorder, Series } from '../../metrics/recorder.ts';
import { Connection, type FrameResult } from './connection.ts';
import { encodeError, maxLineBytes as longestLine, protocolVersion } from './protocol.ts';
import { listenOn } from './socket-file.ts';

export interface RelayServerOptions {
  /** The recorder of all jobs' observations. */
  recorder: Recorder;
  /** The Unix socket to listen on. @default a socket in a fresh directory (0700) under os.tmpdir() */
  path?: string;
  /** How many jobs may be connected at once; further ones are rejected and retry. @default 1024 */
  maxConnections?: number;
  /** The longest line, in bytes; a connection that sends a longer one is closed. @default 65536 */
  maxLineBytes?: number;
  /** How many label sets a connection may define; samples of further ones are dropped. @default 4096 */
  maxSeriesPerConnection?: number;
  /** Deadline for a connection's hello, in milliseconds. @default 5000 */
  helloTimeoutMs?: number;
  /**
   * The read limit of a job, over all of its connections. Above it the worker pauses reading, so that a flooding job has a bounded cost and does
   * not block others. No counts are lost: the job sums up its counters until it is read again, and counts what it has to
   * drop.
   * @default 1 MiB a second, and 4 MiB at once; at the end of the worker any amount
   */
  readLimit?: ReadLimitOptions;
}

export interface RelayServer {
  /** The socket that jobs connect to. */
  readonly path: string;
  /** How many jobs are connected and have sent a hello. */
  readonly connections: number;
  /** Reads what has already been sent, closes all connections, and removes the socket. Never throws. */
  close(): Promise<void>;
}

const mebibyte = 1024 * 1024;
/** Far more than a call needs: some 15,000 samples a second. */
const standardLimit: ReadLimitOptions = { bytesPerSecond: mebibyte, burst: 4 * mebibyte };

/** Maximum milliseconds for which close() reads from jobs that keep writing. */
const drainDeadlineMs = 500;

/**
 * Listens for jobs and adds what they observed to the recorder. The socket does not keep the process alive.
 *
 * @throws if no socket can be created, if another process listens on `path`, and on Windows; the message contains the next
 *   step.
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
    readLimit = standardLimit,
  } = options;
  const metrics = new RelayMetrics(recorder);
  const limits = new ReadLimits(readLimit);
  const sockets = new Set<Socket>();
  let connections = 0;
  let activity = 0;
  let closing: Promise<void> | undefined;
  let ended = false;
  let draining = false;

  function accept(socket: Socket): void {
    activity++;
    sockets.add(socket);
    socket.unref();
    let onHello: (() => void) | undefined;
    let refused = false;
    const refuse = (why: string) => {
      refused = true;
      socket.end(encodeError(why));
      socket.destroySoon();
    };
    const helloTimer = setTimeout(() => {
      // After a pause of the worker this timer may be due before the hello in the socket's buffer was read.
      setImmediate(() => {
        if (!onHello && !refused) refuse('no hello came');
      });
    }, helloTimeoutMs).unref();
    const connection = new Connection({
      recorder,
      frame: metrics.frame,
      maxLineBytes,
      maxSeries,
      onHello(pid) {
        clearTimeout(helloTimer);
        const closed = metrics.connection();
        const shared = limits.take(pid);
        limit = shared.limit;
        onHello = () => {
          closed();
          shared.release();
        };
        connections++;
      },
    });
    // Its own until its hello says whose it is.
    let limit = new ReadLimit(readLimit);
    let resume: NodeJS.Timeout | undefined;
    const readLater = (ms: number) => {
      socket.pause();
      resume = setTimeout(() => {
        const more = limit.read(0, 0);
        if (more > 0 && !draining) readLater(more);
        else socket.resume();
      }, ms).unref();
    };
    socket.on('data', (chunk) => {
      activity++;
      if (refused) return;
      const before = connection.frames;
      const status = connection.receive(chunk);
      const pause = limit.read(chunk.length, connection.frames - before);
      if (pause > 0 && status === 'open' && !draining) {
        metrics.throttled();
        readLater(pause);
      }
      if (status === 'incompatible') refuse(`this worker speaks version ${protocolVersion}`);
      if (status === 'oversized') refuse(`a line may have ${maxLineBytes} bytes`);
    });
    socket.on('error', () => {}); // 'close' follows, and is all that matters
    socket.on('close', () => {
      clearTimeout(helloTimer);
      clearTimeout(resume);
      sockets.delete(socket);
      connection.close(!refused && !ended);
      if (!onHello) return;
      connections--;
      onHello();
    });
  }

  /** Reads until a turn of the event loop yields no data: the data of exited jobs is still in the kernel. */
  async function drain(): Promise<void> {
    draining = true;
    for (const socket of sockets) socket.resume();
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

export interface ReadLimitOptions {
  /** Bytes that are read of a job in a second, in the long run; 0: any number. */
  bytesPerSecond: number;
  /** Burst size in bytes, after a pause. */
  burst: number;
  /** Milliseconds, of a clock that never goes back. @default performance.now */
  now?(): number;
}

/** What a frame costs beside its bytes: the shortest have two, and each is parsed. */
const frameCost = 64;

/** The read limit of one job: a token bucket. Unread data stays with the job. */
export class ReadLimit {
  readonly #options: Required<ReadLimitOptions>;
  #left: number;
  #at: number;

  constructor({ now = () => performance.now(), ...limits }: ReadLimitOptions) {
    this.#options = { now, ...limits };
    this.#left = limits.burst;
    this.#at = now();
  }

  /** Records a read. @returns for how many milliseconds reading must pause */
  read(bytes: number, frames: number): number {
    const { bytesPerSecond, burst, now } = this.#options;
    if (bytesPerSecond === 0) return 0;
    const at = now();
    this.#left = Math.min(burst, this.#left + ((at - this.#at) / 1000) * bytesPerSecond);
    this.#at = at;
    this.#left -= bytes + frames * frameCost;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left / bytesPerSecond) * 1000);
  }
}

/** The limits of jobs by process, for as long as it has a connection. Those that name no process share one. */
class ReadLimits {
  readonly #options: ReadLimitOptions;
  readonly #jobs = new Map<number | undefined, { limit: ReadLimit; connections: number }>();

  constructor(options: ReadLimitOptions) {
    this.#options = options;
  }

  take(pid: number | undefined): { limit: ReadLimit; release(): void } {
    const job = this.#jobs.get(pid) ?? { limit: new ReadLimit(this.#options), connections: 0 };
    this.#jobs.set(pid, job);
    job.connections += 1;
    return {
      limit: job.limit,
      release: () => {
        job.connections -= 1;
        if (job.connections === 0) this.#jobs.delete(pid);
      },
    };
  }
}

/** The relay's own metrics, under the worker's current identity: a worker may learn its name late. */
export class RelayMetrics {
  readonly #recorder: Recorder;
  #identity: Identity | undefined;
  #frames: Partial<Record<FrameResult, Series>> = {};

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  readonly frame = (result: FrameResult, count: number): void => {
    const identity = this.#recorder.identity();
    if (
      identity.agent_name !== this.#identity?.agent_name ||
      identity.agent_version !== this.#identity.agent_version
    ) {
      this.#identity = identity;
      this.#frames = {};
    }
    this.#frames[result] ??= this.#recorder.series('talkgauge_relay_frames_total', { result }, identity);
    this.#frames[result]?.add(count);
  };

  /** Counts a pause in reading from a job. */
  readonly throttled = (): void => {
    const identity = this.#recorder.identity();
    this.#recorder.series('talkgauge_relay_throttled_total', {}, identity)?.add(1);
  };

  /** Counts a connection in the gauge. Returns a function that removes it. */
  connection(): () => void {
    const series = this.#recorder.series('talkgauge_relay_connections', {}, this.#recorder.identity());
    series?.add(1);
    return () => series?.add(-1);
  }
}
