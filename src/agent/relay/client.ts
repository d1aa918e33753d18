import type { Observation, Sink } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';
import type { DropReason } from '../../metrics/recorder.ts';
import { dropsMetric, JobSeriesTable } from './job-series.ts';
import { encodeHello, truncateLabel } from './protocol.ts';
import { ReconnectingSocket } from './reconnecting-socket.ts';
import { SendQueue } from './send-queue.ts';

export interface RelayClientOptions {
  /** The worker's socket. */
  path: string;
  /** The identity of the observations. */
  identity: Identity;
  /** Maximum memory of waiting samples, in bytes; further ones are dropped and counted. @default 1048576 */
  maxQueueBytes?: number;
  /**
   * How many label sets the job may use; samples of further ones are dropped and counted. A worker takes
   * 4096 of a connection, with those that count drops.
   * @default 4000
   */
  maxSeries?: number;
}

export interface RelayClient {
  /** Sends an observation to the worker, at the end of the tick. Never throws, never blocks. */
  record: Sink;
  /**
   * Resolves to true when all recorded samples have reached the kernel, where they survive the end of this process; to
   * false after `deadlineMs` milliseconds. Until then the process stays alive.
   */
  flush(deadlineMs: number): Promise<boolean>;
  /** Flushes, for at most `deadlineMs` milliseconds, and closes; samples recorded afterwards are discarded. */
  close(deadlineMs: number): Promise<void>;
}

/**
 * Connects a job to its worker, in the background, and reconnects whenever the connection is lost. Samples recorded
 * meanwhile wait. Never throws: lost samples are counted as `talkgauge_samples_dropped_total`, which is sent to the worker
 * with the next samples.
 */
export function connectRelay(options: RelayClientOptions): RelayClient {
  return new Relay(options);
}

const microtask = Promise.resolve();

const hello = ({ agent_name, agent_version }: Identity): string =>
  encodeHello(
    { agent_name: truncateLabel(agent_name), agent_version: truncateLabel(agent_version) },
    process.pid,
  );

class Relay implements RelayClient {
  readonly #table: JobSeriesTable;
  readonly #queue: SendQueue;
  readonly #socket: ReconnectingSocket;
  readonly #flushes = new Set<() => void>();
  #scheduled = false;
  /** How many samples the last write took along. */
  #written = 0;
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor({ path, identity, maxQueueBytes = 1_048_576, maxSeries = 4000 }: RelayClientOptions) {
    this.#table = new JobSeriesTable(maxSeries);
    this.#queue = new SendQueue(this.#table, maxQueueBytes);
    this.#socket = new ReconnectingSocket(path, hello(identity), {
      connected: () => this.#restart(),
      writable: this.#send,
      lost: (unsent) => {
        // It may have arrived in part. A resend might count twice, so it is dropped.
        if (unsent && this.#written > 0) this.#drop('disconnected', this.#written);
      },
    });
    this.#socket.connect();
    process.once('exit', this.#send);
  }

  readonly record = (observation: Observation): void => {
    if (this.#closed) return;
    try {
      const series = this.#table.find(observation.metric, observation.labels);
      const reason =
        typeof series === 'string'
          ? series
          : this.#queue.add(series, observation.value, observation.exemplar);
      if (reason !== undefined) this.#drop(reason, 1);
      if (this.#queue.hasFullLine) this.#send();
      else this.#schedule();
    } catch {
      this.#drop('internal_error', 1);
    }
  };

  flush(deadlineMs: number): Promise<boolean> {
    this.#socket.connect();
    this.#send();
    if (this.#settled) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (settled: boolean) => {
        clearTimeout(timer);
        this.#flushes.delete(done);
        resolve(settled);
      };
      const timer = setTimeout(() => settle(false), deadlineMs);
      const done = () => settle(true);
      this.#flushes.add(done);
    });
  }

  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    await this.flush(deadlineMs);
    this.#closed = true;
    process.off('exit', this.#send);
    this.#socket.close();
  }

  get #settled(): boolean {
    return this.#queue.empty && !this.#socket.unsent;
  }

  /** Sends a new worker the definitions and gauges. */
  #restart(): void {
    this.#queue.restart();
    this.#written = 0;
    this.#send();
  }

  /**
   * One write per tick, from a microtask: it runs before anything that is awaited, timed or read after this
   * tick, so a process that is killed in a later one has written. setImmediate would gather more in a write,
   * but a callback that blocks or dies in the same turn of the event loop would take the samples along.
   * process.nextTick runs after the promises of the tick, and costs more; so does queueMicrotask, which
   * makes an AsyncResource each time.
   */
  #schedule(): void {
    if (this.#scheduled || !this.#socket.ready) return;
    this.#scheduled = true;
    microtask.then(this.#send);
  }

  /** Writes queued lines until the kernel accepts no more. */
  readonly #send = (): void => {
    this.#scheduled = false;
    try {
      while (this.#socket.ready && !this.#queue.empty) {
        const text = this.#queue.take();
        this.#written = this.#queue.taken;
        this.#socket.write(text);
      }
    } catch {
      this.#drop('internal_error', this.#written);
    }
    if (this.#flushes.size > 0 && this.#settled) for (const done of [...this.#flushes]) done();
  };

  /** Counts lost samples. The count waits like any counter, so that it cannot be lost itself. */
  #drop(reason: DropReason, count: number): void {
    const actual = reason === 'queue_full' && !this.#socket.connected ? 'disconnected' : reason;
    const series = this.#table.find(dropsMetric, { reason: actual });
    if (typeof series !== 'string') this.#queue.add(series, count, undefined, count);
  }
}
