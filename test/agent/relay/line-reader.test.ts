import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineReader } from '../../../src/agent/relay/line-reader.ts';

function read(chunks: readonly Uint8Array[], maxBytes = 1000) {
  const lines: (string | undefined)[] = [];
  const reader = new LineReader(maxBytes, (line) => lines.push(line));
  const trusted = chunks.every((chunk) => reader.push(Buffer.from(chunk)));
  return { lines, trusted, inLine: reader.inLine };
}

test('lines are returned complete, the last one only after its line break', () => {
  expect(read([Buffer.from('one\ntw'), Buffer.from('o\nthree')])).toEqual({
    lines: ['one', 'two'],
    trusted: true,
    inLine: true,
  });
});

test('chunk boundaries do not affect the lines', () => {
  const anyText = fc.array(fc.string({ unit: 'binary' }).map((line) => line.replaceAll('\n', '')));
  fc.assert(
    fc.property(anyText, fc.array(fc.nat()), (texts, cuts) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
      const places = [
        0,
        ...cuts.map((truncateLabel) => truncateLabel % (bytes.length + 1)),
        bytes.length,
      ].sort((a, b) => a - b);
      const chunks = places.slice(1).map((place, at) => bytes.subarray(places[at], place));
      const { lines, trusted, inLine } = read(chunks, 100_000);
      expect(lines).toEqual(texts.map((text) => Buffer.from(text).toString()).filter((text) => text !== ''));
      expect({ trusted, inLine }).toEqual({ trusted: true, inLine: false });
    }),
  );
});

test('empty lines are skipped', () => {
  expect(read([Buffer.from('\n\n'), Buffer.from('\na\n\n')]).lines).toEqual(['a']);
});

test('a line that is not UTF-8 is undefined, and other lines are not affected', () => {
  const bytes = Buffer.concat([Buffer.from('é\n'), Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from('ok\n')]);
  expect(read([bytes]).lines).toEqual(['é', undefined, 'ok']);
  expect(read([bytes.subarray(0, 4), bytes.subarray(4)]).lines).toEqual(['é', undefined, 'ok']);
});

test('a line is limited in length', () => {
  const ten = Buffer.from('0123456789');
  expect(read([ten, Buffer.from('\n')], 10)).toMatchObject({ trusted: true, lines: ['0123456789'] });
  expect(read([Buffer.from('0123456789\nab\n')], 10).lines).toEqual(['0123456789', 'ab']);
  expect(read([ten, Buffer.from('x')], 10)).toMatchObject({ trusted: false, lines: [] });
  expect(read([Buffer.from('0123456789x\n')], 10)).toMatchObject({ trusted: false, lines: [] });
  expect(read([ten, Buffer.from('x\n')], 10)).toMatchObject({ trusted: false, lines: [] });
});

test('the start of a line is copied, so that one byte does not retain its whole chunk', () => {
  const lines: (string | undefined)[] = [];
  const reader = new LineReader(1000, (line) => lines.push(line));
  for (const letter of 'slow') {
    const chunk = Buffer.from(letter);
    reader.push(chunk);
    chunk.fill('?');
  }
  reader.push(Buffer.from('\n'));
  expect(lines).toEqual(['slow']);
});
