import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** Whether bodies in this `Content-Encoding` can be read. */
export const isKnownEncoding = (encoding: string): boolean =>
  encoding === '' || encoding === 'identity' || Object.hasOwn(decoders, encoding);

/**
 * A body without its `Content-Encoding`.
 *
 * @throws Error if it is broken, or larger than `most` bytes when it is unpacked: a small body can hold gigabytes
 */
export async function unpacked(body: Buffer, encoding: string, most: number): Promise<Buffer> {
  if (Object.hasOwn(decoders, encoding)) {
    return decoders[encoding as keyof typeof decoders](body, { maxOutputLength: most });
  }
  if (body.length > most) throw new Error(`it is larger than ${most} bytes`);
  return body;
}
