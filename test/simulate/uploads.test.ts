import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readKeys } from '../../src/gateway/receive/api-keys.ts';
import { callReports, credentialsOf } from '../../src/simulate/uploads.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  file = join(folder, 'demo.yml');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('each run generates its own key', () => {
  const [one, other] = [credentialsOf(undefined), credentialsOf(undefined)];
  // 256 random bits.
  expect(one.LIVEKIT_API_SECRET).toMatch(/^[\w-]{43}$/);
  expect(one.LIVEKIT_API_SECRET).not.toBe(other.LIVEKIT_API_SECRET);
  expect(one.LIVEKIT_API_KEY).not.toBe(other.LIVEKIT_API_KEY);
});

test('a key file is generated once, with the given permissions, in the format of the gateway', () => {
  const { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = credentialsOf(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect([...readKeys(file)]).toEqual([[key, secret]]);
  expect(credentialsOf(file)).toEqual({ LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret });
  expect(readdirSync(folder)).toEqual(['demo.yml']);
});

test('an existing key file is used', () => {
  writeFileSync(file, 'mine: a secret of mine that nobody guesses\n');
  expect(credentialsOf(file)).toEqual({
    LIVEKIT_API_KEY: 'mine',
    LIVEKIT_API_SECRET: 'a secret of mine that nobody guesses',
  });
});

test.each([
  ['', 'there is none in it'],
  ['[hush]', 'it must hold one "key: secret" in each line'],
])('what else is in a file is left as it is, and not quoted: %j', (text, why) => {
  writeFileSync(file, text);
  expect(() => credentialsOf(file)).toThrow(
    `the key in ${file} cannot be used (${why}): let the file be written, or remove it for a new one`,
  );
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('a missing folder is an error', () => {
  expect(() => credentialsOf(join(folder, 'gone', 'demo.yml'))).toThrow(/cannot be used \(ENOENT/);
});

test('reports are stored beside other data, limited to a gibibyte', () => {
  expect(callReports('/data', {})).toEqual({
    options: { to: '/data/reports', maxMb: 1024 },
    environment: { TALKGAUGE_REPORTS: '/data/reports' },
    to: '/data/reports',
  });
});

test('a configured limit is kept', () => {
  expect(callReports('/data', { TALKGAUGE_REPORTS_MAX_MB: '5' }).options).toEqual({ to: '/data/reports' });
});

test('reports with a configured destination are stored there without a default limit', () => {
  expect(callReports('/data', { TALKGAUGE_REPORTS: ' s3://calls/demo ' })).toEqual({
    options: {},
    environment: {},
    to: 's3://calls/demo',
  });
});
