import { afterEach, describe, expect, test, vi } from 'vitest';
import { type MonitorOptions, resolveMonitorOptions } from '../../src/agent/monitor-options.ts';
import { metrics } from '../../src/catalogue/metrics.ts';
import { OptionError } from '../../src/options.ts';

afterEach(() => vi.unstubAllEnvs());

function resolve(options: object | undefined, env: Record<string, string> = {}) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const { options: _, ...resolved } = resolveMonitorOptions(options as MonitorOptions);
  return resolved;
}

test('the defaults listen on loopback without credentials', () => {
  expect(resolve(undefined)).toEqual({
    port: 9464,
    host: '127.0.0.1',
    labels: {},
    auth: undefined,
    tls: undefined,
    strict: false,
    maxLabelValues: 200,
    maxSeries: 20_000,
    openTelemetry: true,
    telemetry: {
      traces: undefined,
      logs: undefined,
      allowPii: false,
      redact: undefined,
      turnRatio: 1,
      slowTurnSeconds: 1.5,
      flushDeadlineMs: 3000,
    },
    reports: undefined,
    prices: undefined,
  });
});

describe.each([
  [
    'port',
    { argument: 0, variable: 'TALKGAUGE_PORT', text: '8080', read: 8080, invalid: [-1, 65_536, 1.5, 'http'] },
  ],
  [
    'host',
    { argument: '::1', variable: 'TALKGAUGE_HOST', text: '0.0.0.0', read: '0.0.0.0', invalid: [5, ''] },
  ],
  [
    'labels',
    {
      argument: { region: 'eu' },
      variable: 'TALKGAUGE_LABELS',
      text: 'region=us',
      read: { region: 'us' },
      invalid: ['region', { 'a b': 'c' }],
    },
  ],
  [
    'strict',
    { argument: true, variable: 'TALKGAUGE_STRICT', text: 'yes', read: true, invalid: ['perhaps', 2] },
  ],
  [
    'maxLabelValues',
    { argument: 5, variable: 'TALKGAUGE_MAX_LABEL_VALUES', text: '10', read: 10, invalid: [0, 100_001, 'x'] },
  ],
  [
    'maxSeries',
    { argument: 500, variable: 'TALKGAUGE_MAX_SERIES', text: '1000', read: 1000, invalid: [99, 1e8, 'x'] },
  ],
  [
    'prices',
    { argument: 'mine.yml', variable: 'TALKGAUGE_PRICES', text: 'p.json', read: 'p.json', invalid: [5, ''] },
  ],
  [
    'openTelemetry',
    { argument: false, variable: 'TALKGAUGE_OPEN_TELEMETRY', text: 'off', read: false, invalid: ['x', 7] },
  ],
] as const)('%s', (option, { argument, variable, text, read, invalid }) => {
  const value = (options: object, env?: Record<string, string>) => resolve(options, env)[option];

  test('is read from its argument', () => expect(value({ [option]: argument })).toEqual(argument));

  test('is read from its variable', () => expect(value({}, { [variable]: text })).toEqual(read));

  test('is read from its argument when both are set', () => {
    expect(value({ [option]: argument }, { [variable]: text })).toEqual(argument);
  });

  test.each<unknown>(invalid)('is not %j: that is an error that names it', (given) => {
    expect(() => resolve({ [option]: given })).toThrow(new RegExp(`^${option}=`));
  });

  test('has a variable that is named in the error for an invalid value', () => {
    if (option === 'host' || option === 'prices') {
      return expect(value({}, { [variable]: ' ::1 ' })).toBe('::1');
    }
    return expect(() => resolve({}, { [variable]: '!' })).toThrow(
      new RegExp(`^${variable}="!" cannot be used`),
    );
  });
});

describe('credentials', () => {
  test.each([
    [{ TALKGAUGE_BEARER_TOKEN: 't' }, { bearer: 't' }],
    [
      { TALKGAUGE_BASIC_USER: 'u', TALKGAUGE_BASIC_PASSWORD: 'p' },
      { bearer: undefined, basic: { username: 'u', password: 'p' } },
    ],
    [
      { TALKGAUGE_BEARER_TOKEN: 't', TALKGAUGE_BASIC_USER: 'u', TALKGAUGE_BASIC_PASSWORD: 'p' },
      { bearer: 't', basic: { username: 'u', password: 'p' } },
    ],
  ])('are read from %j', (env, auth) => expect(resolve({}, { ...env }).auth).toEqual(auth));

  test('are read from the argument when both are set', () => {
    const auth = { bearer: 'mine' };
    expect(resolve({ auth }, { TALKGAUGE_BEARER_TOKEN: 'theirs' }).auth).toBe(auth);
  });

  test.each(['TALKGAUGE_BASIC_USER', 'TALKGAUGE_BASIC_PASSWORD'])(
    'require more than %s alone',
    (variable) => {
      expect(() => resolve({}, { [variable]: 'x' })).toThrow(
        /^TALKGAUGE_BASIC_USER and TALKGAUGE_BASIC_PASSWORD go together: set TALKGAUGE_BASIC_(USER|PASSWORD) too\.$/,
      );
    },
  );
});

describe('TLS', () => {
  const pair = { TALKGAUGE_TLS_CERT: 'a.pem', TALKGAUGE_TLS_KEY: 'b.pem' };

  test('is read from variables', () => {
    expect(resolve({}, pair).tls).toEqual({ cert: 'a.pem', key: 'b.pem', clientCa: undefined });
    expect(resolve({}, { ...pair, TALKGAUGE_TLS_CLIENT_CA: 'c.pem' }).tls).toMatchObject({
      clientCa: 'c.pem',
    });
  });

  test('is read from the argument when both are set', () => {
    const tls = { cert: 'mine', key: 'mine' };
    expect(resolve({ tls }, pair).tls).toBe(tls);
  });

  test.each(['TALKGAUGE_TLS_CERT', 'TALKGAUGE_TLS_KEY', 'TALKGAUGE_TLS_CLIENT_CA'])(
    'requires more than %s alone, so that the server does not use HTTP',
    (variable) => {
      expect(() => resolve({}, { [variable]: 'x.pem' })).toThrow(
        /^TALKGAUGE_TLS_CERT and TALKGAUGE_TLS_KEY.* go together/,
      );
    },
  );
});

describe('constant labels', () => {
  const seriesLabels = new Set(Object.values(metrics).flatMap((spec) => Object.keys(spec.labels)));

  test.each(['agent_name', 'agent_version', 'le', 'job', 'instance', ...seriesLabels])(
    'cannot be named %s, which a series may use as a label',
    (name) => {
      expect(() => resolve({ labels: { [name]: 'x' } })).toThrow(OptionError);
      expect(() => resolve({}, { TALKGAUGE_LABELS: `${name}=x` })).toThrow(OptionError);
    },
  );
});
