import { oggPackets } from '../../../src/gateway/audio/ogg-packets.ts';

export async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function packetsOf(
  bytes: Uint8Array,
  size = bytes.length,
  maxBytes = 4000,
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const packets of oggPackets(chunks(bytes, size), maxBytes)) found.push(...packets);
  return found;
}

/** Ogg pages with these packets. Each page has up to `perPage` segments, so that packets continue on the next page. */
export function pagesOf(packets: readonly Uint8Array[], perPage: number): Buffer {
  const segments = packets.flatMap((packet) => [
    ...Array.from({ length: Math.floor(packet.length / 255) }, () => 255),
    packet.length % 255,
  ]);
  const body = Buffer.concat(packets);
  const pages: Buffer[] = [];
  for (let at = 0, taken = 0; at < segments.length; at += perPage) {
    const table = segments.slice(at, at + perPage);
    const length = table.reduce((sum, segment) => sum + segment, 0);
    const header = Buffer.alloc(27);
    header.write('OggS', 'latin1');
    header[26] = table.length;
    pages.push(header, Buffer.from(table), body.subarray(taken, taken + length));
    taken += length;
  }
  return Buffer.concat(pages);
}
