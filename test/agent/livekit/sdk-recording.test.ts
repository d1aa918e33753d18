import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { moveSdkRecording } from '../../../src/agent/livekit/sdk-recording.ts';

/** Whether the folder is on another disk, and a promise that delays copying to it. */
const disk = vi.hoisted(() => ({ other: false, copying: Promise.resolve() }));
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  return {
    ...fs,
    async rename(from: string, to: string) {
      if (disk.other && !from.endsWith('.part'))
        throw Object.assign(new Error('another disk'), { code: 'EXDEV' });
      await fs.rename(from, to);
    },
    async copyFile(from: string, to: string) {
      await fs.copyFile(from, to);
      await disk.copying;
    },
  };
});

let root: string;
let audio: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  audio = join(root, 'audio.ogg');
  folder = join(root, 'reports');
  writeFileSync(audio, 'OggS, and so on', { mode: 0o644 });
  utimesSync(audio, 1_700_000_060, 1_700_000_060);
});
afterEach(() => {
  Object.assign(disk, { other: false, copying: Promise.resolve() });
  rmSync(root, { recursive: true });
});

const startedAt = 1_700_000_000_000;
const recorded = () => ({
  makeSessionReport: () => ({ audioRecordingPath: audio, audioRecordingStartedAt: startedAt }) as never,
});
const moveRecording = (given: Partial<Parameters<typeof moveSdkRecording>[0]> = {}) =>
  moveSdkRecording({
    ...{ session: {}, job: recorded(), audio: true, redaction: false },
    ...{ folder, stem: 'call', ms: 30_000, ...given },
  });

test('a recording is moved next to its report and is readable by this user only', async () => {
  expect(await moveRecording()).toEqual({
    ...{ kind: 'sdk', id: 'sdk', status: 'saved', audioOnly: true, location: 'call.ogg', bytes: 15 },
    ...{ startedAt, endedAt: 1_700_000_060_000, duration: 60 },
  });
  expect(readFileSync(join(folder, 'call.ogg'), 'utf8')).toBe('OggS, and so on');
  expect(statSync(join(folder, 'call.ogg')).mode & 0o777).toBe(0o600);
  expect(existsSync(audio)).toBe(false);
});

test('a moved recording has a new modification time for the maintenance of the worker', async () => {
  const begun = Math.floor(Date.now() / 1000) * 1000;
  await moveRecording();
  expect(statSync(join(folder, 'call.ogg')).mtimeMs).toBeGreaterThanOrEqual(begun);
});

test('on another disk it is copied completely', async () => {
  disk.other = true;
  expect(await moveRecording()).toMatchObject({ status: 'saved', location: 'call.ogg', duration: 60 });
  expect(readdirSync(folder)).toEqual(['call.ogg']);
  expect(existsSync(audio)).toBe(false);
});

test('a copy that times out leaves the recording at the reported location', async () => {
  let copied = () => {};
  disk.other = true;
  disk.copying = new Promise((resolve) => {
    copied = resolve;
  });
  const result = await moveRecording({ ms: 500 });
  expect(result).toMatchObject({ status: 'failed', location: audio, error: { code: 'deadline' } });
  copied();
  await vi.waitFor(() => expect(readdirSync(folder)).toEqual([]), { timeout: 10_000, interval: 20 });
  expect(readFileSync(audio, 'utf8')).toBe('OggS, and so on');
});

test.each([
  [{ audio: false }, 'switched_off'],
  [{ redaction: true }, 'redaction'],
])('%j leaves the recording in place and reports its location', async (given, code) => {
  expect(await moveRecording(given)).toMatchObject({ status: 'off', location: audio, error: { code } });
  expect(existsSync(audio)).toBe(true);
  expect(existsSync(folder)).toBe(false);
});

test('a missing, empty or unwritable recording is a failure', async () => {
  writeFileSync(audio, '');
  expect(await moveRecording()).toMatchObject({
    status: 'failed',
    error: { code: 'unwritable', message: 'the file is empty' },
  });
  rmSync(audio);
  expect(await moveRecording()).toMatchObject({ status: 'failed', error: { code: 'missing' } });
  writeFileSync(audio, 'OggS');
  mkdirSync(join(folder, 'call.ogg', 'in the way'), { recursive: true });
  expect(await moveRecording()).toMatchObject({ status: 'failed', error: { code: 'unwritable' } });
  expect(existsSync(audio)).toBe(true);
  expect(readdirSync(folder)).toEqual(['call.ogg']);
});

test('a session without a recording or with a running one has none', async () => {
  const going = { makeSessionReport: () => expect.fail('still recording') };
  expect(await moveRecording({ job: going })).toBeUndefined();
  expect(await moveRecording({ job: { makeSessionReport: () => ({}) as never } })).toBeUndefined();
  expect(await moveRecording({ job: undefined })).toBeUndefined();
});
