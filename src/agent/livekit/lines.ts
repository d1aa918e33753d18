import type { Readable } from 'node:stream';

/** The longest line that is read, in characters; no event of the SDK comes near it. */
const maxLength = 16 * 1024 * 1024;

/**
 * Splits a stream of UTF-8 into lines, ended by `\n` or `\r\n`, as it comes. A line that is too long is not
 * kept: it is given as undefined. (`node:readline` takes U+2028 for a line's end, which JSON leaves in texts.)
 */
export async function* linesOf(input: Readable): AsyncGenerator<string | undefined> {
  let rest = '';
  let tooLong = false;
  const lineOf = (end: string) => {
    const line = tooLong || rest.length + end.length > maxLength ? undefined : rest + end;
    rest = '';
    tooLong = false;
    return line?.endsWith('\r') ? line.slice(0, -1) : line;
  };
  for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>) {
    const ends = chunk.split('\n');
    const last = ends.pop() as string;
    for (const end of ends) yield lineOf(end);
    tooLong ||= rest.length + last.length > maxLength;
    rest = tooLong ? '' : rest + last;
  }
  if (rest || tooLong) yield lineOf('');
}
