/** A stream that is not Ogg Opus, or of a kind that no SDK records. */
export class UnreadableAudio extends Error {
  override readonly name = 'UnreadableAudio';
}

/** Bytes of a page's header before its table of segments (RFC 3533). */
const headerBytes = 27;
const noBytes = new Uint8Array(0);

/**
 * The packets of an Ogg stream, page by page. A truncated stream ends after its last complete packet.
 *
 * @param maxBytes of a packet; a longer one is truncated to one byte more, which indicates that it is too long. A packet
 *   may continue over any number of pages, so that without the limit a whole file could be one packet.
 * @throws UnreadableAudio if a page header is missing
 */
export async function* oggPackets(
  input: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array[]> {
  let waiting = Buffer.alloc(0);
  /** The start of a packet that continues on the next page. */
  let partial: Uint8Array = noBytes;
  for await (const chunk of input) {
    waiting = waiting.length === 0 ? Buffer.from(chunk) : Buffer.concat([waiting, chunk]);
    let at = 0;
    for (;;) {
      if (waiting.length - at < headerBytes) break;
      if (waiting.toString('latin1', at, at + 4) !== 'OggS') throw new UnreadableAudio('no Ogg page');
      const table = waiting.subarray(at + headerBytes, at + headerBytes + (waiting[at + 26] as number));
      const body = at + headerBytes + (waiting[at + 26] as number);
      const length = table.reduce((sum, segment) => sum + segment, 0);
      if (waiting.length < body + length) break;
      const { packets, rest } = packetsIn(
        table,
        waiting.subarray(body, body + length),
        partial,
        maxBytes + 1,
      );
      partial = rest;
      at = body + length;
      yield packets;
    }
    waiting = waiting.subarray(at);
  }
}

/** A packet ends with the first segment of less than 255 bytes. Copies, so that no view holds a whole file. */
function packetsIn(
  table: Uint8Array,
  body: Uint8Array,
  partial: Uint8Array,
  keptBytes: number,
): { packets: Uint8Array[]; rest: Uint8Array } {
  const packets: Uint8Array[] = [];
  let [from, to] = [0, 0];
  let before = partial;
  const taken = () => {
    const end = Math.min(to, from + keptBytes - before.length);
    // A packet that is already too long is not copied again for each further page.
    const packet = end > from ? new Uint8Array(before.length + end - from) : before;
    if (packet !== before) {
      packet.set(before);
      packet.set(body.subarray(from, end), before.length);
    }
    [before, from] = [noBytes, to];
    return packet;
  };
  for (const segment of table) {
    to += segment;
    if (segment < 255) packets.push(taken());
  }
  return { packets, rest: to > from || before.length > 0 ? taken() : noBytes };
}
