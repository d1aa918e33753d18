import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { BinaryReader, type FieldInfo, type MessageType, ScalarType, WireType } from '@bufbuild/protobuf';

/** The values of the upload are nested too deeply to come from an SDK. */
export class NestedTooDeep extends Error {
  override readonly name = 'NestedTooDeep';

  constructor() {
    super(`it is nested more than ${maxDepthOfValue} deep`);
  }
}

/** Maximum nesting of values; those of the SDKs are a dozen levels deep. */
export const maxDepthOfValue = 64;
/** A nested OTLP value takes three protobuf messages, or four JSON objects and lists, in addition to the enclosing ones. */
const maxDepthOfProtobuf = 3 * maxDepthOfValue + 16;
const maxDepthOfJson = 4 * maxDepthOfValue + 16;

/** The upload has so many elements that decoding it would exhaust the gateway's memory, whatever its size in bytes. */
export class TooManyElements extends Error {
  override readonly name = 'TooManyElements';
}

/**
 * Maximum number of JSON elements and members of an upload: each takes at least a byte of it, and some fifty bytes of
 * memory. The largest body of logs from Node.js has 1.4 million.
 */
const maxJsonElements = 2_000_000;
/**
 * Maximum number of protobuf fields: a span takes at least two bytes of the body, and some five hundred bytes of memory. A
 * request of 512 spans has 50,000 fields.
 */
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

/** The valid wire types of a field; repeated numbers may be packed. */
function wiresOf(field: FieldInfo): readonly WireType[] {
  if (field.kind === 'message' || field.kind === 'map') return [WireType.LengthDelimited];
  const own = field.kind === 'enum' ? WireType.Varint : (wires.get(field.T) ?? WireType.Varint);
  return field.repeated ? [own, WireType.LengthDelimited] : [own];
}

/** The wire types of scalars that are not varints. */
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
 * Counts the fields of a body, of a malformed one up to its error. It uses the reader that decodes the body, so that no
 * field is missed.
 *
 * @param type the message type of the body
 * @throws TooManyElements if protobuf has more than `most` fields, including those of nested messages
 * @throws NestedTooDeep if messages are nested more deeply than values of OTLP may be
 * @throws Error if a field has a wrong wire type: a decoder would misread what follows
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
  // No recursion, because the nesting has not been checked yet.
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
      // Also beyond the end of the enclosing message or of the body, as a decoder does.
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

/** Undefined: malformed. */
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

/** Whether this `Content-Encoding` is supported. */
export const isSupportedEncoding = (encoding: string): boolean =>
  encoding === '' || encoding === 'identity' || Object.hasOwn(decoders, encoding);

/**
 * Decompresses a body.
 *
 * @throws Error if it is malformed, or larger than `most` bytes when decompressed: a small body can expand to gigabytes
 */
export async function decompressed(body: Buffer, encoding: string, most: number): Promise<Buffer> {
  if (Object.hasOwn(decoders, encoding)) {
    return decoders[encoding as keyof typeof decoders](body, { maxOutputLength: most });
  }
  if (body.length > most) throw new Error(`it is larger than ${most} bytes`);
  return body;
}
