import { connect, type Socket } from 'node:net';
import { descriptorOf } from '../../private-apis/readers.ts';
import { writeNow } from './descriptor.ts';
import { isSocketPath } from './socket-file.ts';

/** Waits between attempts to connect, in milliseconds; each is shortened by up to half, at random. */
const firstDelayMs = 100;
const maxDelayMs = 5000;
/** A connection that lasted this long resets the backoff. */
const stableMs = 5000;
/** Backoff of writes after the kernel's buffer was full, in milliseconds. */
const firstRewriteMs = 5;
const maxRewriteMs = 80;

export interface SocketEvents {
  /** A new connection: the worker has received the hello and nothing else. */
  connected(): void;
  /** The kernel took what it had refused before. */
  writable(): void;
  /** The connection was lost; `unsent`: with a part of the last write. */
  lost(unsent: boolean): void;
}

/**
 * A connection to a Unix socket that comes back by itself, and never keeps the process alive.
 *
 * It writes to the file descriptor rather than to the stream, for three reasons: what the kernel does not
 * take at once stays here, where a request of the stream's would keep the process alive until the worker
 * reads; a Unix socket is connected at once, but the stream waits for a turn of the event loop before it
 * writes; and what is written in an 'exit' listener is written.
 */
export class ReconnectingSocket {
  readonly #path: string;
  readonly #hello: string;
  readonly #events: SocketEvents;
  #socket: Socket | undefined;
  #connected = false;
  #connectedAt = 0;
  #attempts = 0;
  /** What the kernel has not taken of the last write. */
  #rest: Buffer | undefined;
  #closed = false;
  #reconnectTimer: NodeJS.Timeout | undefined;
  #rewriteTimer: NodeJS.Timeout | undefined;
  #rewriteMs = firstRewriteMs;

  /** `hello` is the first line of every connection. */
  constructor(path: string, hello: string, events: SocketEvents) {
    this.#path = path;
    this.#hello = hello;
    this.#events = events;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Whether something was written that the kernel has not taken yet. */
  get unsent(): boolean {
    return this.#rest !== undefined || (this.#socket?.writableLength ?? 0) > 0;
  }

  /** Whether the kernel may take more. */
  get ready(): boolean {
    return this.#connected && !this.unsent;
  }

  /** Connects now, unless it is connected or about to be. Never throws. */
  connect(): void {
    if (this.#socket || this.#closed) return;
    clearTimeout(this.#reconnectTimer);
    // Node would truncate the path and connect to a different socket.
    if (!isSocketPath(this.#path)) {
      this.#scheduleConnect();
      return;
    }
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.unref();
    socket.resume(); // else the worker's end would go unnoticed
    socket.on('error', () => {}); // 'close' follows
    socket.on('connect', () => this.#open(socket));
    socket.on('close', () => this.#disconnected());
    this.#open(socket);
  }

  /** Writes text to the kernel. Call it only when {@link ready}. */
  write(text: string): void {
    if (this.#socket) this.#writeNow(this.#socket, text);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#reconnectTimer);
    this.#socket?.destroy();
  }

  /** Sends the hello if the socket can be written to already. */
  #open(socket: Socket): void {
    if (this.#connected) return;
    const fd = descriptorOf(socket);
    if (fd === undefined) {
      if (socket.connecting) return;
      socket.write(this.#hello);
    } else {
      try {
        this.#rest = writeNow(fd, this.#hello);
      } catch {
        return; // not connected: 'connect' or 'close' follows
      }
    }
    this.#connected = true;
    this.#connectedAt = performance.now();
    if (this.unsent) this.#scheduleRewrite();
    this.#events.connected();
  }

  #writeNow(socket: Socket, data: string | Buffer): void {
    const fd = descriptorOf(socket);
    try {
      if (fd === undefined) socket.write(data);
      else this.#rest = writeNow(fd, data);
    } catch {
      this.#rest = Buffer.from(data); // the worker is gone; 'close' follows
    }
    if (this.unsent) this.#scheduleRewrite();
  }

  /** Retries with exponential backoff, so that jobs do not add load to a busy worker. */
  #scheduleRewrite(): void {
    this.#rewriteTimer = setTimeout(() => this.#rewrite(), this.#rewriteMs).unref();
    this.#rewriteMs = Math.min(maxRewriteMs, 2 * this.#rewriteMs);
  }

  #rewrite(): void {
    if (!this.#socket) return;
    if (this.#rest) this.#writeNow(this.#socket, this.#rest);
    else if (this.unsent) this.#scheduleRewrite();
    if (this.unsent) return;
    this.#rewriteMs = firstRewriteMs;
    this.#events.writable();
  }

  #disconnected(): void {
    const { unsent } = this;
    const wasConnected = this.#connected;
    if (wasConnected && performance.now() - this.#connectedAt > stableMs) this.#attempts = 0;
    this.#socket = undefined;
    this.#connected = false;
    this.#rest = undefined;
    clearTimeout(this.#rewriteTimer);
    this.#rewriteMs = firstRewriteMs;
    if (wasConnected) this.#events.lost(unsent);
    this.#scheduleConnect();
  }

  #scheduleConnect(): void {
    if (this.#closed) return;
    const delay = Math.min(maxDelayMs, firstDelayMs * 2 ** this.#attempts++);
    this.#reconnectTimer = setTimeout(() => this.connect(), delay * (1 - Math.random() / 2)).unref();
  }
}
