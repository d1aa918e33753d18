import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RecordRoomOptions, resolveRecording } from '../../../src/agent/egress/settings.ts';

const server = { url: 'wss://livekit.example.com', apiKey: 'key', apiSecret: 'secret' };
const resolve = (options: RecordRoomOptions = {}) => resolveRecording(options, 'AJ_1', server);
const env = (variables: Record<string, string>) => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
};

beforeEach(() => {
  for (const name of ['LIVEKIT_URL', 'LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET']) vi.stubEnv(name, '');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test('by default, the audio of the room is stored where the egress service is configured to store it', () => {
  expect(resolve()).toEqual({
    media: 'audio',
    destination: 'file',
    layout: '',
    filepath: 'AJ_1-{time}',
    storage: { case: undefined },
    ...server,
    startDeadlineMs: 30_000,
    stopDeadlineMs: 4000,
  });
});

describe("LiveKit's server", () => {
  test('is read from the option, the variable, the job or the environment, in this order', () => {
    env({ LIVEKIT_URL: 'ws://environment', TALKGAUGE_RECORDING_URL: 'ws://variable' });
    expect(resolve({ url: 'ws://option' }).url).toBe('ws://option');
    expect(resolve().url).toBe('ws://variable');
    vi.stubEnv('TALKGAUGE_RECORDING_URL', '');
    expect(resolve().url).toBe('wss://livekit.example.com');
    expect(resolveRecording({}, 'AJ_1', { apiKey: 'key', apiSecret: 'secret' }).url).toBe('ws://environment');
  });

  test.each([
    [{}, 'A recording takes url: give it, or set LIVEKIT_URL.'],
    [{ url: 'ws://localhost' }, 'A recording takes apiKey: give it, or set LIVEKIT_API_KEY.'],
    [
      { url: 'ws://localhost', apiKey: 'key' },
      'A recording takes apiSecret: give it, or set LIVEKIT_API_SECRET.',
    ],
  ])('is reported as missing: %o', (given, message) => {
    expect(() => resolveRecording({}, 'AJ_1', given)).toThrow(message);
  });
});

test('a layout is ignored for audio only', () => {
  expect(resolve({ layout: 'grid' }).layout).toBe('');
  expect(resolve({ layout: 'grid', audioOnly: false }).layout).toBe('grid');
});

test('outside a job the file is named after the room', () => {
  expect(resolveRecording({}, undefined, server).filepath).toBe('{room_id}-{time}');
});

describe('settings from the environment', () => {
  test('video, layout, path and deadlines', () => {
    env({
      TALKGAUGE_RECORDING_AUDIO_ONLY: 'false',
      TALKGAUGE_RECORDING_LAYOUT: 'grid',
      TALKGAUGE_RECORDING_FILEPATH: 'calls/{room_id}/{job_id}.mp4',
      TALKGAUGE_RECORDING_START_DEADLINE_MS: '1000',
      TALKGAUGE_RECORDING_STOP_DEADLINE_MS: '0',
    });
    expect(resolve()).toMatchObject({
      media: 'audio_video',
      layout: 'grid',
      filepath: 'calls/{room_id}/AJ_1.mp4',
      startDeadlineMs: 1000,
      stopDeadlineMs: 0,
    });
  });

  test('an S3 bucket with separate keys for egress', () => {
    env({
      TALKGAUGE_RECORDING_OUTPUT: 's3',
      TALKGAUGE_RECORDING_BUCKET: 'calls',
      AWS_ACCESS_KEY_ID: 'not for egress',
    });
    expect(resolve().storage).toEqual({ case: 's3', value: { bucket: 'calls' } });
  });

  test('an S3-compatible bucket', () => {
    env({
      TALKGAUGE_RECORDING_OUTPUT: 's3',
      TALKGAUGE_RECORDING_BUCKET: 'calls',
      TALKGAUGE_RECORDING_REGION: 'local',
      TALKGAUGE_RECORDING_ENDPOINT: 'http://minio:9000',
      TALKGAUGE_RECORDING_ACCESS_KEY: 'key',
      TALKGAUGE_RECORDING_SECRET_KEY: 'secret',
    });
    expect(resolve().storage).toEqual({
      case: 's3',
      value: {
        bucket: 'calls',
        region: 'local',
        endpoint: 'http://minio:9000',
        forcePathStyle: true,
        accessKey: 'key',
        secret: 'secret',
      },
    });
  });

  test('a Google Cloud Storage bucket with the key in a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
    const key = join(folder, 'key.json');
    writeFileSync(key, '{"type":"service_account"}');
    env({
      TALKGAUGE_RECORDING_OUTPUT: 'gcp',
      TALKGAUGE_RECORDING_BUCKET: 'calls',
      TALKGAUGE_RECORDING_CREDENTIALS: key,
    });
    expect(resolve().storage).toEqual({
      case: 'gcp',
      value: { bucket: 'calls', credentials: '{"type":"service_account"}' },
    });
    rmSync(folder, { recursive: true });
    expect(() => resolve()).toThrow(
      /^TALKGAUGE_RECORDING_CREDENTIALS=.* cannot be read \(ENOENT.*name a key's file\.$/,
    );
  });

  test('an Azure container', () => {
    env({
      TALKGAUGE_RECORDING_OUTPUT: 'azure',
      TALKGAUGE_RECORDING_BUCKET: 'calls',
      TALKGAUGE_RECORDING_ACCESS_KEY: 'acme',
      TALKGAUGE_RECORDING_SECRET_KEY: 'key',
    });
    expect(resolve()).toMatchObject({
      destination: 'azure',
      storage: { case: 'azure', value: { containerName: 'calls', accountName: 'acme', accountKey: 'key' } },
    });
  });

  test.each([
    [
      { TALKGAUGE_RECORDING_OUTPUT: 'ftp' },
      'TALKGAUGE_RECORDING_OUTPUT="ftp" cannot be used: give s3, gcp, azure, file',
    ],
    [
      { TALKGAUGE_RECORDING_OUTPUT: 's3' },
      'A recording takes a bucket: give it, or set TALKGAUGE_RECORDING_BUCKET.',
    ],
    [
      {
        TALKGAUGE_RECORDING_OUTPUT: 's3',
        TALKGAUGE_RECORDING_BUCKET: 'a',
        TALKGAUGE_RECORDING_ACCESS_KEY: 'key',
      },
      'TALKGAUGE_RECORDING_ACCESS_KEY and TALKGAUGE_RECORDING_SECRET_KEY go together: set TALKGAUGE_RECORDING_SECRET_KEY too.',
    ],
    [
      { TALKGAUGE_RECORDING_AUDIO_ONLY: 'perhaps' },
      'TALKGAUGE_RECORDING_AUDIO_ONLY="perhaps" cannot be used',
    ],
  ])('%o is refused', (variables, message) => {
    env(variables);
    expect(() => resolve()).toThrow(message);
  });
});

test.each([
  [{ output: { ftp: {} } }, 'output cannot be used: give one of { s3 }, { gcp } or { azure }'],
  [{ output: { s3: { bucket: 'a' }, gcp: { bucket: 'b' } } }, 'output cannot be used: give one of'],
  [{ output: { s3: {} } }, 'output.s3 takes bucket: name where the file goes.'],
  [{ output: { azure: { bucket: 'calls' } } }, 'output.azure takes containerName: name where the file goes.'],
  [{ stopDeadlineMs: -1 }, 'stopDeadlineMs=-1 cannot be used: give a whole number from 0 to 300000'],
])('%o is refused', (options, message) => {
  expect(() => resolve(options as RecordRoomOptions)).toThrow(message);
});
