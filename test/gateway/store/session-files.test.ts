import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lines } from '../../../src/gateway/store/session-files.ts';

async function linesOf(bytes: Buffer, cuts: readonly number[]): Promise<string[]> {
  async function* chunks() {
    let from = 0;
    for (const cut of [...cuts].sort((a, b) => a - b)) {
      yield bytes.subarray(from, cut);
      from = Math.max(from, Math.min(cut, bytes.length));
    }
    yield bytes.subarray(from);
  }
  const read: string[] = [];
  for await (const line of lines(chunks())) read.push(line);
  return read;
}

test('lines are read unchanged wherever chunks are split, even within a character', async () => {
  const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(300)), fc.boolean(), async (written, cuts, ended) => {
      const bytes = Buffer.from(written.join('\n') + (ended && written.length > 0 ? '\n' : ''));
      expect(await linesOf(bytes, cuts)).toEqual(written);
    }),
  );
});
