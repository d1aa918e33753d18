import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LabelCap, sanitise } from '../../src/metrics/label-cap.ts';

/** Any text, including lone surrogates, control characters and emoji. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 700 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 700 })
    .map((units) => String.fromCharCode(...units)),
);

describe('a label value', () => {
  test('is well-formed, without control characters, and has at most 128 characters for any input', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = sanitise(text);
        expect(clean.isWellFormed()).toBe(true);
        expect([...clean].length).toBeLessThanOrEqual(128);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be left
        expect(clean).not.toMatch(/[\u0000-\u001f\u007f]/);
        expect(sanitise(clean)).toBe(clean);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['gpt-4o', 'gpt-4o'],
    ['', ''],
    ['naïve café ☕', 'naïve café ☕'],
    ['a "quoted" \\ value', 'a "quoted" \\ value'],
    ['two\nlines\tand\u0000more\u007f', 'two lines and more '],
    ['half \ud83d of a character', 'half \ufffd of a character'],
    ['x'.repeat(128), 'x'.repeat(128)],
    ['x'.repeat(10_000), 'x'.repeat(128)],
    ['😀'.repeat(5000), '😀'.repeat(128)],
  ])('%j is exposed as %j', (given, exposed) => expect(sanitise(given)).toBe(exposed));
});

describe('a label value cap', () => {
  test('allows so many values per label and replaces the rest with "other"', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.record({ label: fc.constantFrom('tool', 'model'), value: fc.string({ maxLength: 3 }) })),
        (max, samples) => {
          const cap = new LabelCap({ max });
          const admitted = samples.map(({ label, value }) => ({
            label,
            value,
            exposed: cap.admit(label, value),
          }));
          for (const label of ['tool', 'model']) {
            const mine = admitted.filter((one) => one.label === label);
            const values = new Set(mine.map(({ exposed }) => exposed));
            values.delete('other');
            expect(values.size).toBeLessThanOrEqual(max);
            // The first values keep their names.
            const first = [...new Set(mine.map(({ value }) => value))].slice(0, max);
            for (const one of mine) expect(one.exposed).toBe(first.includes(one.value) ? one.value : 'other');
          }
        },
      ),
    );
  });

  test('counts the values of each label separately', () => {
    const cap = new LabelCap({ max: 1 });
    expect([cap.admit('tool', 'a'), cap.admit('model', 'b'), cap.admit('tool', 'b')]).toEqual([
      'a',
      'b',
      'other',
    ]);
  });

  test('accepts names of Object.prototype properties', () => {
    const cap = new LabelCap({ max: 2 });
    const names = ['__proto__', 'constructor', 'toString'];
    expect(names.map((name) => cap.admit('tool', name))).toEqual(['__proto__', 'constructor', 'other']);
    expect(names.map((name) => cap.admit(name, 'a'))).toEqual(['a', 'a', 'a']);
  });

  test('keeps two hundred of a million values', () => {
    const cap = new LabelCap({ max: 200 });
    const exposed = new Set<string>();
    for (let i = 0; i < 1_000_000; i++) exposed.add(cap.admit('tool', `tool-${i}`));
    expect(exposed.size).toBe(201);
  });
});
