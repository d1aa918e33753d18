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
  const found: string[] = [];
  for await (const line of lines(chunks())) found.push(line);
  return found;
}

test('lines are the same wherever they are cut, within a character too', async () => {
  const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(300)), fc.boolean(), async (told, cuts, ended) => {
      const bytes = Buffer.from(told.join('\n') + (ended && told.length > 0 ? '\n' : ''));
      expect(await linesOf(bytes, cuts)).toEqual(told);
    }),
  );
});
