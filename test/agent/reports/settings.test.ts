import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { resolveReports } from '../../../src/agent/reports/settings.ts';
import { Options } from '../../../src/options.ts';

// As in a container with a user without a passwd entry.
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  userInfo() {
    throw new Error('A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)');
  },
}));

const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
const settings = (env: Record<string, string>, given = {}) => resolveReports(new Options(given, env));

test('reports are off without a destination', () => {
  expect(settings({ TALKGAUGE_REPORTS_DEADLINE_MS: '100' })).toBeUndefined();
});

test('a folder keeps all reports unless limits are given', () => {
  expect(settings({ TALKGAUGE_REPORTS: 'reports/' })).toEqual({
    folder: 'reports/',
    bucket: undefined,
    deadlineMs: 5000,
    maxAge: undefined,
    maxBytes: undefined,
  });
  expect(
    settings(
      { TALKGAUGE_REPORTS: 'a', TALKGAUGE_REPORTS_MAX_AGE_DAYS: '30', TALKGAUGE_REPORTS_MAX_MB: '2' },
      { to: 'b' },
    ),
  ).toMatchObject({ folder: 'b', maxAge: 2_592_000_000, maxBytes: 2_097_152 });
});

test("a bucket is configured by AWS's variables, and the spool is bounded", () => {
  expect(settings({ ...keys, TALKGAUGE_REPORTS: 's3://calls/of/2026/', AWS_REGION: 'eu-central-1' })).toEqual(
    {
      folder: join(tmpdir(), `talkgauge-reports-${process.getuid?.()}`, 'calls_of_2026_'),
      bucket: {
        endpoint: 'https://s3.eu-central-1.amazonaws.com',
        bucket: 'calls',
        region: 'eu-central-1',
        prefix: 'of/2026/',
        accessKeyId: 'id',
        secretAccessKey: 'secret',
        sessionToken: undefined,
      },
      deadlineMs: 5000,
      maxAge: undefined,
      maxBytes: 1_073_741_824,
    },
  );
  const spoolOf = (env: object) => settings({ ...keys, TALKGAUGE_REPORTS: 's3://calls', ...env })?.folder;
  const home = tmpdir();
  expect(spoolOf({ HOME: home })).toBe(join(home, '.local/state/talkgauge/reports/calls_'));
  expect(spoolOf({ HOME: home, XDG_STATE_HOME: '/state' })).toBe('/state/talkgauge/reports/calls_');
  // As in a container: without a home directory, or with one that is not writable.
  for (const none of [{}, { HOME: '/' }, { HOME: '/nonexistent' }, { XDG_STATE_HOME: 'relative' }]) {
    expect(spoolOf(none)).toBe(join(tmpdir(), `talkgauge-reports-${process.getuid?.()}`, 'calls_'));
  }
  const endpointEnv = {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9000',
    TALKGAUGE_REPORTS_SPOOL: '/var/spool/reports',
  };
  expect(settings({ ...keys, ...endpointEnv, TALKGAUGE_REPORTS: 's3://calls' })).toMatchObject({
    folder: '/var/spool/reports',
    bucket: { endpoint: 'http://127.0.0.1:9000', bucket: 'calls', prefix: '' },
  });
});

test.each([
  [
    { TALKGAUGE_REPORTS: 'gs://calls' },
    'TALKGAUGE_REPORTS="gs://calls" cannot be used: give a folder, or s3://',
  ],
  [{ ...keys, TALKGAUGE_REPORTS: 's3://calls/a b' }, 'TALKGAUGE_REPORTS="s3://calls/a b" cannot be used'],
  [{ ...keys, TALKGAUGE_REPORTS: 's3:///calls' }, 'TALKGAUGE_REPORTS="s3:///calls" cannot be used'],
  [
    { TALKGAUGE_REPORTS: 's3://calls', AWS_ACCESS_KEY_ID: 'id' },
    "Reports to s3://calls take the bucket's keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
  ],
  [
    { TALKGAUGE_REPORTS: 'a', TALKGAUGE_REPORTS_MAX_MB: 'ten' },
    'TALKGAUGE_REPORTS_MAX_MB="ten" cannot be used',
  ],
  [{ TALKGAUGE_REPORTS_DEADLINE_MS: '-1' }, 'TALKGAUGE_REPORTS_DEADLINE_MS="-1" cannot be used'],
] as [Record<string, string>, string][])('%j is refused', (env, message) => {
  expect(() => settings(env)).toThrow(message);
});
