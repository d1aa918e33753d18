import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { examplePriceFile } from '../../src/monitoring/price-reference.ts';
import { PriceFileError, parsePriceFile, readPriceFile } from '../../src/pricing/price-file.ts';

const head = 'version: 1\ndated: 2026-11-01\ncurrency: USD\n';
const parse = (text: string) => parsePriceFile(text, 'prices.yml');
const entries = (text: string) =>
  Object.fromEntries(parse(text).entries.map(({ name, price }) => [name, price]));

const folder = mkdtempSync(join(tmpdir(), 'talkgauge-prices-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a price file', () => {
  test('is YAML', () => {
    const text = `${head}prices:\n  acme/voice: { characters_per_million: 20, note: mine }\n  acme/*: { free: true }\n`;
    expect(parse(text).dated).toBe('2026-11-01');
    expect(entries(text)).toEqual({
      'acme/voice': {
        rates: { characters: 0.00002 },
        free: false,
        source: 'user',
        entry: 'acme/voice',
        dated: '2026-11-01',
        note: 'mine',
      },
      'acme/*': expect.objectContaining({ rates: {}, free: true }),
    });
  });

  test('is JSON', () => {
    const prices = { 'acme/voice': { characters_per_million: 20 } };
    const text = JSON.stringify({ version: 1, dated: '2026-11-01', currency: 'USD', prices }, null, 2);
    expect(entries(text)['acme/voice']?.rates).toEqual({ characters: 0.00002 });
  });

  test('from the documentation is valid', () => {
    expect(Object.keys(entries(examplePriceFile))).toEqual([
      'openai/gpt-4o-mini',
      'deepgram/nova-3',
      'acme/voice-*',
      'localhost:11434/*',
    ]);
  });

  test('cannot modify Object.prototype', () => {
    expect(parse(`${head}prices:\n  __proto__: { audio_per_hour: 1 }\n`).entries).toEqual([]);
    expect(({} as { audio_per_hour?: number }).audio_per_hour).toBeUndefined();
  });

  test('may have a price of 0', () => {
    expect(entries(`${head}prices:\n  a/b: { audio_per_hour: 0 }\n`)['a/b']?.rates).toEqual({
      audio_seconds: 0,
    });
  });

  test.each<[string, string, string]>([
    [
      'a negative price',
      'a/b: { input_per_million: -1 }',
      '5: prices.a/b.input_per_million is -1, but takes dollars',
    ],
    [
      'a string as a price',
      'a/b: { input_per_million: cheap }',
      '.input_per_million is "cheap", but takes dollars',
    ],
    [
      'an infinite price',
      'a/b: { input_per_million: .inf }',
      '.input_per_million is null, but takes dollars',
    ],
    ['an implausible price', 'a/b: { input_per_million: 1e9 }', 'takes dollars: a number from 0 to 1000000'],
    [
      'a misspelt field',
      'a/b: { inputs_per_million: 1 }',
      '5: prices.a/b has a field "inputs_per_million", which is none of input_per_million,',
    ],
    ['no price', 'a/b: {}', 'prices.a/b has no price; give one, or free: true'],
    [
      'a price and free: true',
      'a/b: { free: true, audio_per_hour: 1 }',
      'is free and has a price; give one or the other',
    ],
    [
      'two prices for one unit',
      'a/b: { audio_per_hour: 1, audio_per_minute: 2 }',
      'has both audio_per_minute and audio_per_hour',
    ],
    ['a model without provider', 'b: { audio_per_hour: 1 }', 'prices.b takes provider/model as a name'],
    ['a number for prices', 'a/b: 0', 'prices.a/b is 0, but takes prices, such as'],
    [
      'a duplicate name',
      'a/b: { free: true }\n  a/b: { free: true }',
      '6: no YAML and no JSON: Map keys must be unique',
    ],
  ])('with %s is refused with its line and field', (_, line, problem) => {
    const parsing = () => parse(`${head}prices:\n  ${line}\n`);
    expect(parsing).toThrow(PriceFileError);
    expect(parsing).toThrow(problem);
    expect(parsing).toThrow(/^prices\.yml:\d+: /);
  });

  test.each<[string, string, string]>([
    [
      'of another version',
      'version: 2\ndated: 2026-11-01\ncurrency: USD\nprices: {}',
      '1: version is 2, but takes 1',
    ],
    [
      'in another currency',
      'version: 1\ndated: 2026-11-01\ncurrency: EUR\nprices: {}',
      '3: currency is "EUR", but takes USD',
    ],
    [
      'without a date',
      'version: 1\ncurrency: USD\nprices: {}',
      'dated takes the day of which the prices are',
    ],
    [
      'with an invalid date',
      'version: 1\ndated: 2026-02-30\ncurrency: USD\nprices: {}',
      '2: dated is "2026-02-30", but takes the day',
    ],
    [
      'with another field',
      `${head}prices: {}\nprize: {}`,
      'the file has a field "prize", which is none of version, dated',
    ],
    ['that is a list', '- 1', 'the file takes a map of version, dated, currency and prices'],
    ['that is empty', '', 'the file takes a map of version'],
    ['with invalid YAML', `${head}prices: {`, 'no YAML and no JSON'],
    [
      'with exponentially growing aliases',
      `a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c]`,
      'alias',
    ],
  ])('%s is refused', (_, text, problem) => {
    expect(() => parse(text)).toThrow(PriceFileError);
    expect(() => parse(text)).toThrow(problem);
  });

  test('that is missing, a directory or too large is refused with its name', () => {
    const large = join(folder, 'large.yml');
    writeFileSync(large, 'x'.repeat(4 * 1024 * 1024 + 1));
    expect(() => readPriceFile(join(folder, 'none.yml'))).toThrow(/none\.yml cannot be read: ENOENT/);
    expect(() => readPriceFile(folder)).toThrow(/cannot be read: EISDIR/);
    expect(() => readPriceFile(large)).toThrow(/it has 4194305 bytes, and a price file at most 4194304/);
  });
});
