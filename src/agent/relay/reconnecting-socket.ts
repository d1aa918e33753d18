import { connect, type Socket } from 'node:net';
import { type DescriptorOf, writeNow } from './descriptor.ts';
import { fits } from './socket-file.ts';

/** Waits between attempts to connect, in milliseconds; each is shortened by up to half, at random. */
const firstDelayMs = 100;
const maxDelayMs = 5000;
/** A connection that lived this long was a good one, and its loss is worth a quick attempt. */
const stableMs = 5000;
/** Waits before a kernel whose buffer was full is asked whether it takes more, in milliseconds. */
const firstRewriteMs = 5;
const maxRewriteMs = 80;

export interface LinkEvents {
  /** A new connection, to a worker that has heard the hello and nothing else. */
  connected(): void;
  /** The kernel took what it had refused before. */
  writable(): void;
  /** The connection is gone; `unsent`: and with it some of what was written last. */
  lost(unsent: boolean): void;
  /** The file descriptor of the socket, if that can be had; asked before each write. */
  descriptorOf: DescriptorOf;
}

/**
 * A connection to a Unix socket that comes back by itself, and never keeps the process alive.
 *
 * It writes to the file descriptor rather than to the stream, for three reasons: what the kernel does not
 * take at once stays here, where a request of the stream's would keep the process alive until the worker
 * reads; a Unix socket is connected at once, but the stream waits for a turn of the event loop before it
 * writes; and what is written in an 'exit' listener is written.
 */
export class Link {
  readonly #path: string;
  readonly #hello: string;
  readonly #events: LinkEvents;
  #socket: Socket | undefined;
  #connected = false;
  #connectedAt = 0;
  #attempts = 0;
  /** What the kernel has not taken of the last write. */
  #rest: Buffer | undefined;
  #closed = false;
  #redial: NodeJS.Timeout | undefined;
  #rewrite: NodeJS.Timeout | undefined;
  #rewriteMs = firstRewriteMs;

  /** `hello` is the first line of every connection. */
  constructor(path: string, hello: string, events: LinkEvents) {
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
  dial(): void {
    if (this.#socket || this.#closed) return;
    clearTimeout(this.#redial);
    // Node would cut the path and knock at another door.
    if (!fits(this.#path)) {
      this.#later();
      return;
    }
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.unref();
    socket.resume(); // else the worker's end would go unnoticed
    socket.on('error', () => {}); // 'close' follows
    socket.on('connect', () => this.#open(socket));
    socket.on('close', () => this.#gone());
    this.#open(socket);
  }

  /** Hands text to the kernel. Only when {@link ready}. */
  write(text: string): void {
    if (this.#socket) this.#push(this.#socket, text);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#redial);
    this.#socket?.destroy();
  }

  /** Says hello, if it can be said already. */
  #open(socket: Socket): void {
    if (this.#connected) return;
    const fd = this.#events.descriptorOf(socket);
    if (fd === undefined) {
      if (socket.connecting) return;
      socket.write(this.#hello);
    } else {
      try {
        this.#rest = writeNow(fd, this.#hello);
      } catch {
        return; // not connected: 'connect' or 'close' will tell
      }
    }
    this.#connected = true;
    this.#connectedAt = performance.now();
    if (this.unsent) this.#watch();
    this.#events.connected();
  }

  #push(socket: Socket, data: string | Buffer): void {
    const fd = this.#events.descriptorOf(socket);
    try {
      if (fd === undefined) socket.write(data);
      else this.#rest = writeNow(fd, data);
    } catch {
      this.#rest = Buffer.from(data); // the worker is gone; 'close' follows
    }
    if (this.unsent) this.#watch();
  }

  /** Tries again, ever more rarely: a worker that is busy for long should not be made busier by its jobs. */
  #watch(): void {
    this.#rewrite = setTimeout(() => this.#pushRest(), this.#rewriteMs).unref();
    this.#rewriteMs = Math.min(maxRewriteMs, 2 * this.#rewriteMs);
  }

  #pushRest(): void {
    if (!this.#socket) return;
    if (this.#rest) this.#push(this.#socket, this.#rest);
    else if (this.unsent) this.#watch();
    if (this.unsent) return;
    this.#rewriteMs = firstRewriteMs;
    this.#events.writable();
  }

  #gone(): void {
    const { unsent } = this;
    const wasConnected = this.#connected;
    if (wasConnected && performance.now() - this.#connectedAt > stableMs) this.#attempts = 0;
    this.#socket = undefined;
    this.#connected = false;
    this.#rest = undefined;
    clearTimeout(this.#rewrite);
    this.#rewriteMs = firstRewriteMs;
    if (wasConnected) this.#events.lost(unsent);
    this.#later();
  }

  #later(): void {
    if (this.#closed) return;
    const delay = Math.min(maxDelayMs, firstDelayMs * 2 ** this.#attempts++);
    this.#redial = setTimeout(() => this.dial(), delay * (1 - Math.random() / 2)).unref();
  }
}
