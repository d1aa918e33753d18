import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { chatItemsOfHistory } from '../../../src/gateway/decode/chat-item.ts';
import { audioStart, RecordingHeader, readRecording } from '../../../src/gateway/decode/recording.ts';
import { newFolder } from '../running.ts';
import { one } from '../uploads.ts';

const { headers, body } = one('flush-04-recordings');
const type = headers['content-type'] ?? '';
const limits = { header: 1e6, history: 1e6, audio: 1e6 };
const read = (bytes: Buffer, of: Partial<typeof limits> = {}, path = join(newFolder(), 'audio')) =>
  readRecording(Readable.from([bytes]), type, path, { ...limits, ...of });

test('a captured recording is read completely', async () => {
  const path = join(newFolder(), 'audio');
  const recording = await read(body, {}, path);
  expect(recording.header).toMatchObject({
    roomId: 'RM_flush',
    jobId: 'AJ_flush',
    redactionEnabled: false,
    simulated: false,
  });
  expect(audioStart(recording.header)).toBe(1795346678.943);
  expect(chatItemsOfHistory(recording.history ?? null)).toHaveLength(5);
  expect(recording).toMatchObject({ audioBytes: 90_065, cut: [] });
  const audio = readFileSync(path);
  expect(body.includes(audio)).toBe(true);
});

test('a truncated upload keeps its complete parts', async () => {
  const recording = await read(body.subarray(0, 20_000));
  expect(chatItemsOfHistory(recording.history ?? null)).toHaveLength(5);
  expect(recording).toMatchObject({ audioBytes: undefined, cut: ['audio'] });
});

test('each part that is too large is left out separately', async () => {
  expect(await read(body, { audio: 1000 })).toMatchObject({ audioBytes: undefined, cut: ['audio'] });
  expect(await read(body, { history: 1000 })).toMatchObject({
    history: undefined,
    audioBytes: 90_065,
    cut: ['history'],
  });
});

test('without a header, the session is unknown', async () => {
  await expect(read(body.subarray(0, 100))).rejects.toThrow('it has no header');
});

test('without audio, the header has a start time in 1970', () => {
  expect(audioStart(new RecordingHeader({ startTime: { seconds: 0n, nanos: 0 } }))).toBeUndefined();
});
