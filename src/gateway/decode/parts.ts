import type { MessageType } from '@bufbuild/protobuf';

/** An upload of so many parts that reading it would take the gateway's memory, however few bytes it has. */
export class TooManyParts extends Error {
  override readonly name = 'TooManyParts';
}

/**
 * How many elements and members of JSON an upload may have: one takes a byte of it, and some fifty of memory. The largest body of
 * logs that Node.js may send has 1.4 million.
 */
const mostParts = 2_000_000;
/** How many fields of protobuf: a span takes two bytes of it, and some five hundred of memory. A request of 512 spans has 50,000. */
const mostFields = 400_000;

const [quote, backslash, comma, brace, bracket] = [...'"\\,{['].map((char) => char.charCodeAt(0));

/** @throws TooManyParts if JSON has more than `most` elements and members */
export function requireFewParts(json: Uint8Array, most: number = mostParts): void {
  let parts = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (inText) {
      if (byte === backslash) at++;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === comma || byte === brace || byte === bracket) parts++;
  }
  if (parts > most) throw new TooManyParts('the JSON has too many parts');
}

/** A message within a body. */
interface Within {
  type: MessageType | undefined;
  end: number;
}

/**
 * @param type what the body is a message of
 * @throws TooManyParts if protobuf has more than `most` fields, those of messages in it included
 */
export function requireFewFields(body: Uint8Array, type: MessageType, most: number = mostFields): void {
  let fields = 0;
  const count = (more: number) => {
    fields += more;
    if (fields > most) throw new TooManyParts('the protobuf has too many parts');
  };
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < body.length; scale *= 128) {
      const byte = body[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return value;
  };
  // No recursion: messages may be as deep as they like.
  const open: Within[] = [{ type, end: body.length }];
  for (let within = open.at(-1); within; within = open.at(-1)) {
    if (at >= within.end) {
      open.pop();
      continue;
    }
    const tag = varint();
    count(1);
    const wire = tag % 8;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      const field = within.type?.fields.find(Math.floor(tag / 8));
      if (field?.kind === 'message') open.push({ type: field.T, end: Math.min(at + length, within.end) });
      else {
        // Numbers that are packed, of a byte at least.
        if (field?.kind === 'scalar' && field.repeated) count(length);
        at += length;
      }
    } else return; // Nothing that can be read.
  }
}
