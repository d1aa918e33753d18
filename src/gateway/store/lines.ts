const newline = 10;

/**
 * The lines of a file as they are read. `readline` reads up to a thousand of them ahead, and hands them out without giving way
 * to anything else; lines with whole prompts make that a hundred megabytes, and a second.
 */
export async function* lines(input: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let begun: Buffer[] = [];
  for await (const chunk of input) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      const rest = chunk.subarray(from, end);
      from = end + 1;
      const line = begun.length > 0 ? Buffer.concat([...begun, rest]) : rest;
      begun = [];
      if (line.length > 0) yield line.toString();
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString();
}
