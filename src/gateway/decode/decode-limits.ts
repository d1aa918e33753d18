import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { BinaryReader, type FieldInfo, type MessageType, ScalarType, WireType } from '@bufbuild/protobuf';

/** An upload whose values are nested too deeply to come from an SDK. */
export class NestedTooDeep extends Error {
  override readonly name = 'NestedTooDeep';

  constructor() {
    super(`it is nested more than ${maxDepthOfValue} deep`);
  }
}

/** How deep values may be nested; those of the SDKs are a dozen deep. */
export const maxDepthOfValue = 64;
/** A value of OTLP in another one is three messages of protobuf, or four objects and lists of JSON; and some are around them. */
const maxDepthOfProtobuf = 3 * maxDepthOfValue + 16;
const maxDepthOfJson = 4 * maxDepthOfValue + 16;

/** An upload with so many elements that decoding it would exhaust the gateway's memory, however few bytes it has. */
export class TooManyElements extends Error {
  override readonly name = 'TooManyElements';
}

/**
 * How many elements and members of JSON an upload may have: one takes a byte of it, and some fifty of memory. The largest body of
 * logs that Node.js may send has 1.4 million.
 */
const maxJsonElements = 2_000_000;
/** How many fields of protobuf: a span takes two bytes of it, and some five hundred of memory. A request of 512 spans has 50,000. */
const maxProtobufFields = 400_000;

const [quote, backslash, comma, brace, bracket, endOfObject, endOfList] = [...'"\\,{[}]'].map((char) =>
  char.charCodeAt(0),
);

/**
 * @throws TooManyElements if JSON has more than `most` elements and members
 * @throws NestedTooDeep if objects and lists are nested more than `deepest` deep
 */
export function checkJsonLimits(
  json: Uint8Array,
  most: number = maxJsonElements,
  deepest: number = maxDepthOfJson,
): void {
  let parts = 0;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (inText) {
      if (byte === backslash) at++;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === comma) parts++;
    else if (byte === brace || byte === bracket) {
      parts++;
      if (++depth > deepest) throw new NestedTooDeep();
    } else if (byte === endOfObject || byte === endOfList) depth--;
  }
  if (parts > most) throw new TooManyElements('the JSON has too many parts');
}

/** A message within a body. */
interface Within {
  type: MessageType;
  end: number;
}

/** By which wire types a field is sent; numbers that are repeated, also packed. */
function wiresOf(field: FieldInfo): readonly WireType[] {
  if (field.kind === 'message' || field.kind === 'map') return [WireType.LengthDelimited];
  const own = field.kind === 'enum' ? WireType.Varint : (wires.get(field.T) ?? WireType.Varint);
  return field.repeated ? [own, WireType.LengthDelimited] : [own];
}

/** Of scalars that are no varint. */
const wires: ReadonlyMap<ScalarType, WireType> = new Map([
  ...[ScalarType.STRING, ScalarType.BYTES].map((type) => [type, WireType.LengthDelimited] as const),
  ...[ScalarType.DOUBLE, ScalarType.FIXED64, ScalarType.SFIXED64].map(
    (type) => [type, WireType.Bit64] as const,
  ),
  ...[ScalarType.FLOAT, ScalarType.FIXED32, ScalarType.SFIXED32].map(
    (type) => [type, WireType.Bit32] as const,
  ),
]);

/**
 * What cannot be read is counted as far as it can be. It is read by the reader that decodes it, field by field, so that nothing is
 * hidden from the count.
 *
 * @param type what the body is a message of
 * @throws TooManyElements if protobuf has more than `most` fields, those of messages in it included
 * @throws NestedTooDeep if messages are nested more deeply than values of OTLP may be
 * @throws Error if a field is sent as what it is not: a decoder would take what follows for something else
 */
export function checkProtobufLimits(
  body: Uint8Array,
  type: MessageType,
  most: number = maxProtobufFields,
): void {
  let fields = 0;
  const reader = new BinaryReader(body);
  const count = (more: number) => {
    fields += more;
    if (fields > most) throw new TooManyElements('the protobuf has too many parts');
  };
  // No recursion: what is counted here has not been bounded yet.
  const open: Within[] = [{ type, end: body.length }];
  for (let within = open.at(-1); within; within = open.at(-1)) {
    if (reader.pos >= within.end) {
      open.pop();
      continue;
    }
    const read = readable(() => reader.tag());
    if (!read) return;
    const [number, wire] = read;
    count(1);
    const field = within.type.fields.find(number);
    if (field && !wiresOf(field).includes(wire))
      throw new Error('a field is of another type than it is sent as');
    if (field && field.kind === 'message') {
      const length = readable(() => reader.uint32());
      if (length === undefined) return;
      // Also beyond the end of what it is in, or of the body: so far a decoder goes, too.
      open.push({ type: field.T, end: reader.pos + length });
      if (open.length > maxDepthOfProtobuf) throw new NestedTooDeep();
      continue;
    }
    const value = readable(() => reader.skip(wire, number));
    if (!value) return;
    // Numbers that are packed, of a byte at least.
    if (field?.repeated && wire === WireType.LengthDelimited && !isText(field)) {
      count(new BinaryReader(value).uint32());
    }
  }
}

const isText = (field: FieldInfo): boolean =>
  field.kind === 'scalar' && wires.get(field.T) === WireType.LengthDelimited;

/** Undefined: it cannot be read. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** Whether bodies in this `Content-Encoding` can be read. */
export const isSupportedEncoding = (encoding: string): boolean =>
  encoding === '' || encoding === 'identity' || Object.hasOwn(decoders, encoding);

/**
 * Decompresses a body.
 *
 * @throws Error if it is broken, or larger than `most` bytes when it is unpacked: a small body can hold gigabytes
 */
export async function decompressed(body: Buffer, encoding: string, most: number): Promise<Buffer> {
  if (Object.hasOwn(decoders, encoding)) {
    return decoders[encoding as keyof typeof decoders](body, { maxOutputLength: most });
  }
  if (body.length > most) throw new Error(`it is larger than ${most} bytes`);
  return body;
}
