import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesOf } from '../../../src/agent/livekit/lines.ts';

/** The lines of these pieces of a stream. */
async function lines(pieces: readonly (string | Buffer)[]): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for await (const line of linesOf(Readable.from(pieces, { objectMode: false }))) found.push(line);
  return found;
}

test.each([
  ['a stream that ends with a line', ['one\ntwo\n'], ['one', 'two']],
  ['a stream that ends without one', ['one\ntwo'], ['one', 'two']],
  ['CRLF', ['one\r\ntwo\r\n'], ['one', 'two']],
  ['CRLF that is torn apart', ['one\r', '\ntwo\r', '\n'], ['one', 'two']],
  ['empty lines', ['\n\none\n'], ['', '', 'one']],
  ['an empty stream', [], []],
  [
    'what JSON leaves in a text and other programs take for the end of a line',
    ['a\u2028b\u2029c\n'],
    ['a\u2028b\u2029c'],
  ],
])('%s', async (_, pieces, expected) => expect(await lines(pieces)).toEqual(expected));

test('however a stream is cut, in the middle of a character too, the lines are the same', async () => {
  const text = 'naïve\n😀 emoji\r\n\nlast';
  const bytes = Buffer.from(text);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat({ max: bytes.length })), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
      expect(await lines(pieces.filter((piece) => piece.length > 0))).toEqual([
        'naïve',
        '😀 emoji',
        '',
        'last',
      ]);
    }),
  );
});

test('a line of 16 Mi characters is read, a longer one is not kept, and the next is read again', async () => {
  const mebi = 'x'.repeat(1024 * 1024);
  const [longest, tooLong, next] = await lines([
    ...Array<string>(16).fill(mebi),
    '\n',
    ...Array<string>(17).fill(mebi),
    'x\nnext\n',
  ]);
  expect(longest?.length).toBe(16 * 1024 * 1024);
  expect([tooLong, next]).toEqual([undefined, 'next']);
});
