import { describe, expect, test } from 'vitest';
import { OptionError, Options } from '../src/options.ts';

const none = new Set<string>();
const from = (given?: object | null, env: Record<string, string | undefined> = {}) => new Options(given, env);

describe('an argument takes precedence over the environment', () => {
  const given = { text: 'argument', count: 1, flag: false, labels: { region: 'eu' } };
  const env = { TEXT: 'environment', COUNT: '2', FLAG: 'true', LABELS: 'region=us' };

  test.each([
    ['both', given, env, ['argument', 1, false, { region: 'eu' }]],
    ['an argument alone', given, {}, ['argument', 1, false, { region: 'eu' }]],
    ['the environment alone', {}, env, ['environment', 2, true, { region: 'us' }]],
    ['neither', {}, {}, [undefined, undefined, undefined, undefined]],
    [
      'an argument that is undefined',
      { text: undefined, count: undefined },
      env,
      ['environment', 2, true, { region: 'us' }],
    ],
    ['null for arguments', null, env, ['environment', 2, true, { region: 'us' }]],
    [
      'variables that are empty',
      {},
      { TEXT: '', COUNT: '', FLAG: '', LABELS: '' },
      [undefined, undefined, undefined, undefined],
    ],
  ])('with %s', (_, argument, environment, expected) => {
    const options = from(argument, environment);
    expect([
      options.string('text', ['TEXT']),
      options.integer('count', 'COUNT', 0, 9),
      options.boolean('flag', 'FLAG'),
      options.labels('labels', 'LABELS', none),
    ]).toEqual(expected);
  });

  test('the first variable takes precedence over the second', () => {
    const names = (env: object) => from({}, { ...env }).string('name', ['OURS', 'THEIRS']);
    expect(names({ OURS: 'ours', THEIRS: 'theirs' })).toBe('ours');
    expect(names({ OURS: '', THEIRS: 'theirs' })).toBe('theirs');
  });
});

describe('a string', () => {
  test('is trimmed', () => expect(from({ text: '  a b ' }).string('text', [])).toBe('a b'));

  test.each([5, true, null, '', '   ', {}, []])('is not %j', (text) => {
    expect(() => from({ text }).string('text', [])).toThrow(OptionError);
  });
});

describe('a whole number', () => {
  test.each([
    [0, 0],
    [9, 9],
    ['7', 7],
    [' 7 ', 7],
  ])('is %j', (count, expected) => expect(from({ count }).integer('count', 'COUNT', 0, 9)).toBe(expected));

  test.each([
    -1,
    10,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '   ',
    'many',
    '7 or 8',
    true,
    null,
    [7],
  ])('from 0 to 9 is not %j', (count) => {
    expect(() => from({ count }).integer('count', 'COUNT', 0, 9)).toThrow(
      /^count=.*give a whole number from 0 to 9/,
    );
  });
});

describe('a boolean', () => {
  test.each<[unknown, boolean]>([
    [true, true],
    [false, false],
    ...['true', 'TRUE', '1', 'yes', 'on'].map((text): [unknown, boolean] => [text, true]),
    ...['false', 'False', '0', 'no', 'off'].map((text): [unknown, boolean] => [text, false]),
    [1, true],
    [0, false],
  ])('is %j', (flag, expected) => expect(from({ flag }).boolean('flag', 'FLAG')).toBe(expected));

  test.each(['maybe', '', 2, null, {}])('is not %j', (flag) => {
    expect(() => from({ flag }).boolean('flag', 'FLAG')).toThrow(/^flag=.*give true or false/);
  });
});

describe('labels', () => {
  const read = (labels: unknown) => from({ labels }).labels('labels', 'LABELS', new Set(['tool', 'le']));

  test.each([
    [
      { region: 'eu', tenant: 'a' },
      { region: 'eu', tenant: 'a' },
    ],
    ['region=eu,tenant=a', { region: 'eu', tenant: 'a' }],
    [' region = eu , tenant = a b ,', { region: 'eu', tenant: 'a b' }],
    ['query=a=b', { query: 'a=b' }],
    ['empty=', { empty: '' }],
    [{}, {}],
  ])('are %j', (given, expected) => expect(read(given)).toEqual(expected));

  test.each([
    'region',
    '=eu',
    '2nd=a',
    'a-b=c',
    '__reserved=a',
    '__proto__=a',
    { 'a b': 'c' },
    { region: 5 },
    { region: null },
    ['region'],
    5,
    true,
    null,
  ])('are not %j', (given) => {
    expect(() => read(given)).toThrow(/^labels=.* cannot be used: give labels as name=value,name=value/);
  });

  test.each(['tool=a', { le: '1' }])('are not %j, which is reserved by Talkgauge or Prometheus', (given) => {
    expect(() => read(given)).toThrow(
      /^The label (tool|le) is Talkgauge's own; give your label another name\.$/,
    );
  });
});

describe('a message', () => {
  const message = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      expect(error).toBeInstanceOf(OptionError);
      return (error as Error).message;
    }
    return expect.fail('nothing was thrown');
  };

  test('contains the argument name, its invalid value and the allowed values', () => {
    expect(message(() => from({ port: 70_000 }).integer('port', 'TALKGAUGE_PORT', 0, 65_535))).toBe(
      'port=70000 cannot be used: give a whole number from 0 to 65535, or leave it out.',
    );
  });

  test('contains the name of the invalid variable', () => {
    expect(
      message(() => from({}, { TALKGAUGE_PORT: 'http' }).integer('port', 'TALKGAUGE_PORT', 0, 65_535)),
    ).toBe('TALKGAUGE_PORT="http" cannot be used: give a whole number from 0 to 65535, or leave it out.');
  });

  test('shows values of any type', () => {
    const cycle: { me?: object } = {};
    cycle.me = cycle;
    expect(message(() => from({ text: cycle }).string('text', []))).toMatch(
      /^text=<ref \*1> \{ me: \[Circular \*1\] \}/,
    );
    expect(message(() => from({ text: Object.create(null) }).string('text', []))).toMatch(
      /^text=\[Object: null prototype\]/,
    );
  });
});

describe('variables that are required together', () => {
  const together = (variables: Record<string, string | undefined>) => () => from().requireTogether(variables);

  test('are valid if all or none are set', () => {
    expect(together({ CERT: 'a', KEY: 'b' })).not.toThrow();
    expect(together({ CERT: undefined, KEY: undefined })).not.toThrow();
  });

  test('are named in the error when one is missing', () => {
    expect(together({ CERT: 'a', KEY: undefined })).toThrow('CERT and KEY go together: set KEY too.');
  });
});

describe('a number', () => {
  test.each([
    [0.25, 0.25],
    ['0.5', 0.5],
    [' 1 ', 1],
  ])('is %j', (ratio, expected) => expect(from({ ratio }).number('ratio', 'RATIO', 0, 1)).toBe(expected));

  test.each([1.5, -0.1, Number.NaN, 'half', '', true])('is not %j', (ratio) => {
    expect(() => from({ ratio }).number('ratio', 'RATIO', 0, 1)).toThrow('give a number from 0 to 1');
  });
});

describe('switches', () => {
  const read = (value: unknown, env = {}) =>
    from({ record: value }, env).switches('record', 'RECORD', ['audio', 'logs']);

  test.each([
    [true, { audio: true, logs: true }],
    [false, { audio: false, logs: false }],
    [{ audio: true }, { audio: true }],
    [{ audio: undefined, logs: false }, { logs: false }],
    ['logs', { audio: false, logs: true }],
    ['logs, audio', { audio: true, logs: true }],
    ['none', { audio: false, logs: false }],
  ])('%j', (value, expected) => expect(read(value)).toEqual(expected));

  test('are read from the environment', () =>
    expect(read(undefined, { RECORD: 'audio' })).toEqual({ audio: true, logs: false }));

  test.each(['video', 'logs,video', '', 1, { video: true }, { logs: 'yes' }])('are not %j', (value) => {
    expect(() => read(value)).toThrow('give true, false, or some of audio, logs');
  });
});
