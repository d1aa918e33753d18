import { writeSync } from 'node:fs';

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
