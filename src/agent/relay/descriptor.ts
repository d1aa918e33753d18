import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';

export type DescriptorOf = (socket: Socket) => number | undefined;

/**
 * The file descriptor of an open socket. There is no documented way to it; where this one leads nowhere, the
 * relay writes with `socket.write`, and then a worker that does not read keeps a job from ending by itself.
 *
 * Ask again before each write: once the socket is closed, its number may be another file's.
 */
export function descriptorOf(socket: Socket): number | undefined {
  const fd = (socket as unknown as { _handle?: { fd?: unknown } | null })._handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

/**
 * Writes as much as the kernel takes at once, and returns what it does not take. Node's sockets do not
 * block, so neither does this.
 *
 * @throws when the socket is not connected, or no more
 */
export function writeNow(fd: number, data: string | Buffer): Buffer | undefined {
  let written = 0;
  try {
    // The overloads of a string and of a buffer are two.
    written = typeof data === 'string' ? writeSync(fd, data) : writeSync(fd, data);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
  if (written === Buffer.byteLength(data)) return undefined;
  return (typeof data === 'string' ? Buffer.from(data) : data).subarray(written);
}
