import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readKeys } from '../../src/gateway/receive/api-keys.ts';
import { credentialsOf } from '../../src/simulate/credentials.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  file = join(folder, 'demo.yml');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the key of a run is drawn, and that of the next is another', () => {
  const [one, other] = [credentialsOf(undefined), credentialsOf(undefined)];
  // 256 random bits.
  expect(one.LIVEKIT_API_SECRET).toMatch(/^[\w-]{43}$/);
  expect(one.LIVEKIT_API_SECRET).not.toBe(other.LIVEKIT_API_SECRET);
  expect(one.LIVEKIT_API_KEY).not.toBe(other.LIVEKIT_API_KEY);
});

test('one in a file is drawn once, for who may read the file, as a gateway reads it', () => {
  const { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = credentialsOf(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect([...readKeys(file)]).toEqual([[key, secret]]);
  expect(credentialsOf(file)).toEqual({ LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret });
  expect(readdirSync(folder)).toEqual(['demo.yml']);
});

test('one that is there is taken', () => {
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

test('a folder that is not there is told', () => {
  expect(() => credentialsOf(join(folder, 'gone', 'demo.yml'))).toThrow(/cannot be used \(ENOENT/);
});
